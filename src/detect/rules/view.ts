import type { Environment } from '@marcbachmann/cel-js'
import type { Amount } from './amount.ts'

export type CelType = 'string' | 'int' | 'bool' | 'Amount' | 'list<Amount>'
export type CelValue = string | bigint | boolean | Amount | readonly Amount[]
export type Field<Raw> = { type: CelType; read(raw: Raw): CelValue }
export type Fields<Raw> = Readonly<Record<string, Field<Raw>>>

/** The view that expressions have of a value: its declared fields, computed on access, and nothing else of it. */
export type View<Raw> = {
  name: string
  fields: Fields<Raw>
  of(raw: Raw): object
  register(env: Environment): void
}

/**
 * A view with its own constructor, because CEL distinguishes types by constructor.
 *
 * @example
 * const view = viewOf('Block', { number: { type: 'int', read: ({ number }: BlockBundle) => BigInt(number) } })
 */
export function viewOf<Raw>(name: string, fields: Fields<Raw>): View<Raw> {
  class Seen {
    readonly raw: Raw
    constructor(raw: Raw) {
      this.raw = raw
    }
  }
  for (const [field, { read }] of Object.entries(fields))
    Object.defineProperty(Seen.prototype, field, {
      get(this: Seen) {
        return read(this.raw)
      },
    })
  const types = Object.fromEntries(Object.entries(fields).map(([field, { type }]) => [field, type]))
  return {
    name,
    fields,
    of: (raw) => new Seen(raw),
    register: (env) => {
      env.registerType(name, { ctor: Seen, fields: types })
    },
  }
}
