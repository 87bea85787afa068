import { z } from 'zod'
import type { Detector } from '../../model/detector.ts'
import { givenAddressSchema } from '../../model/given-address.ts'
import { addressSchema, amountSchema, hashSchema, hexSchema } from '../../model/hex.ts'

/** The written form of a value of these schemas; Zod cannot derive it, because they transform. */
const written = new Map<unknown, { type: string | string[]; pattern?: string; description: string }>([
  [amountSchema, { type: ['string', 'integer'], description: 'Base units: decimal digits' }],
  [givenAddressSchema, { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$', description: 'Address' }],
  [addressSchema, { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$', description: 'Address' }],
  [hashSchema, { type: 'string', pattern: '^0x[0-9a-fA-F]{64}$', description: 'Hash' }],
  [hexSchema, { type: 'string', pattern: '^0x[0-9a-fA-F]*$', description: 'Hex' }],
])

/**
 * The JSON Schema (2020-12) of `detectors` in a configuration: the options of each detector by its id, with defaults.
 * Options that may be files accept a path too. docs/schemas/detectors.schema.json is made from it.
 */
export function optionsJsonSchema(detectors: readonly Detector[]): unknown {
  const properties = Object.fromEntries(
    detectors.map(({ id, title, options, files = {} }) => {
      const { $schema, ...schema } = inputSchema(options)
      const known = (schema.properties ?? {}) as Record<string, unknown>
      const withPaths = Object.fromEntries(
        Object.entries(known).map(([name, value]) => [
          name,
          name in files ? { anyOf: [value, { type: 'string', description: 'Path of a file' }] } : value,
        ]),
      )
      return [id, { title, ...schema, properties: withPaths }]
    }),
  )
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Options of detectors, by id',
    type: 'object',
    properties,
    additionalProperties: false,
  }
}

function inputSchema(options: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(options, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => void Object.assign(jsonSchema, written.get(zodSchema)),
  })
}
