import { z } from 'zod'
import { CordonError } from '../../kit/error.ts'
import { quantitySchema } from '../../model/hex.ts'
import { malformed } from '../trace/fields.ts'

/** A quantity of any size: wei, gas units. */
export const amount = quantitySchema.transform(BigInt)

/** A quantity that fits a safe integer: block numbers, indices, nonces, seconds. Some nodes write numbers. */
export const integer = z
  .union([quantitySchema, z.number().int().nonnegative()])
  .transform(Number)
  .refine(Number.isSafeInteger, 'expected a safe integer')

/** A field that is null where the node leaves it out or writes something else: the asker says which it needs. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullable().catch(null)
}

/** A field that is null where the node leaves it out. */
export function absent<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? null)
}

/** The answer of a method, parsed. Throws `chain.MalformedField`, which names the method and the field. */
export function parsed<T>(schema: z.ZodType<T>, method: string, answer: unknown): T {
  const result = schema.safeParse(answer)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path ?? []
  throw malformed([method, ...path].join('.'), issue?.message ?? 'another shape', valueAt(answer, path))
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  )
}

/** A field that the asker cannot do without. Throws `chain.MalformedField` where the node does not give it. */
export function required<T>(value: T | null | undefined, path: string): T {
  if (value === null || value === undefined) throw malformed(path, 'a value', value)
  return value
}

/** For `catch`: the value in place of an answer in another shape. Any other failure is thrown again. */
export function ifMalformed<T>(value: T): (thrown: unknown) => T {
  return (thrown) => {
    if (isMalformed(thrown)) return value
    throw thrown
  }
}

/** True where a node answered in another shape than the specification says. */
export function isMalformed(thrown: unknown): boolean {
  return thrown instanceof CordonError && thrown.code === 'chain.MalformedField'
}
