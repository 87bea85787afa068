import { z } from '@hono/zod-openapi'
import { jsonSchemaOf } from '../model/json-schema.ts'

/** A value in JSON form: every bigint is a decimal string. */
export type Wire<T> = T extends bigint
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Name in keyof T]: Wire<T[Name]> }
      : T

/** A copy with every bigint as a decimal string; undefined fields are left out. */
export function toWire<T>(value: T): Wire<T> {
  return wired(value) as Wire<T>
}

function wired(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(wired)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.map(([name, inner]) => [name, wired(inner)]))
}

/**
 * The OpenAPI component `name` for the wire form of a model schema. It never validates: answers consist of data parsed
 * on entry.
 */
export function wireSchema<S extends z.ZodType>(schema: S, name: string): z.ZodType<Wire<z.output<S>>> {
  const { $schema: _dialect, ...described } = jsonSchemaOf(schema)
  return z
    .custom<Wire<z.output<S>>>()
    .openapi(name, { type: 'object', ...(described as { type?: 'object' }) })
}
