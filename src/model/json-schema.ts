import { z } from 'zod'
import { givenAddressSchema } from './given-address.ts'
import { addressSchema, amountSchema, hashSchema, hexSchema } from './hex.ts'

/** The JSON form of a value of these schemas; Zod cannot derive it, because they transform. */
const printed = new Map<unknown, { type: 'string'; pattern: string; description: string }>([
  [amountSchema, { type: 'string', pattern: '^-?\\d+$', description: 'Base units, decimal' }],
  [givenAddressSchema, { type: 'string', pattern: '^0x[0-9a-f]{40}$', description: 'Address, lower case' }],
  [addressSchema, { type: 'string', pattern: '^0x[0-9a-f]{40}$', description: 'Address, lower case' }],
  [hashSchema, { type: 'string', pattern: '^0x[0-9a-f]{64}$', description: 'Hash, lower case' }],
  [hexSchema, { type: 'string', pattern: '^0x[0-9a-f]*$', description: 'Hex, lower case' }],
])

export type JsonSchema = z.core.JSONSchema.BaseSchema
export type SchemaNames = z.core.$ZodRegistry<{ id: string }>

/**
 * The JSON Schema (2020-12) of a value as Cordon prints it: bigints are decimal strings, hex is lower case. Unknown
 * fields are allowed, so that a reader made for this version can read the next one.
 *
 * With `names`, schemas that have one become `$defs` and are referenced.
 *
 * @example
 * jsonSchemaOf(incidentSchema)
 */
export function jsonSchemaOf(schema: z.ZodType, names: SchemaNames = z.registry()): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'output',
    metadata: names,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
      Object.assign(jsonSchema, printed.get(zodSchema))
    },
  })
}
