import { CordonError } from '../../kit/error.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'

/*
 * The hot path's parser: every field of every frame and log goes through these, validated by hand because a schema
 * library takes 10 to 40 times as long here (bench/decode). Each returns the value or throws `chain.MalformedField`
 * with the path of the field.
 */

/** A JSON object from an untrusted source. */
export type Raw = { readonly [name: string]: unknown }

const HEX = /^0x[0-9a-f]*$/
const ADDRESS = /^0x[0-9a-f]{40}$/
const HASH = /^0x[0-9a-f]{64}$/

export function malformed(path: string, expected: string, got: unknown): CordonError {
  return new CordonError({
    code: 'chain.MalformedField',
    message: `A field does not match the JSON-RPC specification: ${path}.`,
    facts: { field: path, expected, got: shownOf(got) },
    fix: 'Record the bundle again, or ask the node’s operator; Cordon does not guess at broken chain data.',
  })
}

/** The actual value, in short form: for an object or list only its type, because it may be arbitrarily deep. */
function shownOf(got: unknown): string {
  if (Array.isArray(got)) return `a list of ${got.length}`
  if (typeof got === 'object' && got !== null)
    return `an object with ${Object.keys(got).slice(0, 3).join(', ') || 'nothing'}`.slice(0, 80)
  return String(got).slice(0, 80)
}

export function object(value: unknown, path: string): Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(path, 'an object', value)
  return value as Raw
}

export function array(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(path, 'an array', value)
  return value
}

export function hex(value: unknown, path: string): Hex {
  if (typeof value === 'string') {
    if (HEX.test(value)) return value as Hex
    const lower = value.toLowerCase()
    if (HEX.test(lower)) return lower as Hex
  }
  throw malformed(path, 'hex with 0x', value)
}

export function hexOrEmpty(value: unknown, path: string): Hex {
  return value === undefined || value === null ? '0x' : hex(value, path)
}

export function address(value: unknown, path: string): Address {
  if (typeof value === 'string' && value.length === 42) {
    if (ADDRESS.test(value)) return value as Address
    const lower = value.toLowerCase()
    if (ADDRESS.test(lower)) return lower as Address
  }
  throw malformed(path, 'an address (0x and 40 hex digits)', value)
}

export function addressOrNull(value: unknown, path: string): Address | null {
  return value === undefined || value === null ? null : address(value, path)
}

export function hash(value: unknown, path: string): Hash {
  const read = hashIn(value)
  if (read !== undefined) return read
  throw malformed(path, 'a hash (0x and 64 hex digits)', value)
}

/** The hash that a value is, undefined for anything else. */
export function hashIn(value: unknown): Hash | undefined {
  if (typeof value !== 'string' || value.length !== 66) return undefined
  const lower = HASH.test(value) ? value : value.toLowerCase()
  return HASH.test(lower) ? (lower as Hash) : undefined
}

export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

export function hashOrNull(value: unknown, path: string): Hash | null {
  return value === undefined || value === null ? null : hash(value, path)
}

/** A JSON-RPC quantity as a bigint; `0x0` is a fast path. */
export function quantity(value: unknown, path: string): bigint {
  if (value === '0x0') return 0n
  if (typeof value === 'string' && value.length > 2 && value.length <= 66 && HEX.test(value.toLowerCase())) {
    return BigInt(value)
  }
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  throw malformed(path, 'a quantity (hex with 0x, at most 32 bytes)', value)
}

export function quantityOrNull(value: unknown, path: string): bigint | null {
  return value === undefined || value === null ? null : quantity(value, path)
}

/** A quantity that must fit a safe integer: block numbers, gas, indices. */
export function integer(value: unknown, path: string): number {
  const parsed = hexNumber(value)
  if (parsed !== undefined && Number.isSafeInteger(parsed)) return parsed
  throw malformed(path, 'an integer quantity', value)
}

/**
 * A whole number from hex text or a JSON number, undefined for anything else: decimal text is rejected, because `"10"`
 * from a node that means hex is sixteen. Above 2^53 it is rounded.
 */
export function hexNumber(value: unknown): number | undefined {
  const parsed = typeof value === 'string' && value.startsWith('0x') ? Number(value) : value
  return typeof parsed === 'number' && Number.isInteger(parsed) && parsed >= 0 ? parsed : undefined
}

export function integerOrNull(value: unknown, path: string): number | null {
  return value === undefined || value === null ? null : integer(value, path)
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 ? value : null
}
