import { z } from 'zod'

/** 0x and an even or odd number of lower-case hex digits. */
export type Hex = `0x${string}`
/** 20 bytes, lower case: the only spelling inside Cordon. */
export type Address = Hex
/** 32 bytes, lower case. */
export type Hash = Hex

export const hexSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/, 'expected hex with 0x')
  .transform((text) => text.toLowerCase() as Hex)

export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address: 0x and 40 hex digits')
  .transform((text) => text.toLowerCase() as Address)

export const hashSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'expected a hash: 0x and 64 hex digits')
  .transform((text) => text.toLowerCase() as Hash)

/** A quantity as JSON-RPC writes it. */
export const quantitySchema = z.string().regex(/^0x[0-9a-fA-F]+$/, 'expected a quantity: 0x and hex digits')

/** An amount in base units, as a decimal string outside and a bigint inside. */
export const amountSchema = z
  .union([z.bigint(), z.string().regex(/^-?\d+$/)])
  .transform((value) => BigInt(value))

export const ZERO_ADDRESS: Address = '0x0000000000000000000000000000000000000000'

/** The `n`th 32-byte word of ABI data after `skip` hex characters (0x included), or undefined past the end. */
export function wordAt(data: Hex, n: number, skip = 2): string | undefined {
  const start = skip + n * 64
  return data.length >= start + 64 ? data.slice(start, start + 64) : undefined
}

/** The address in the low 20 bytes of a word, or undefined when the high bytes are not zero. */
export function addressFromWord(word: string): Address | undefined {
  return word.startsWith('000000000000000000000000') ? `0x${word.slice(24)}` : undefined
}

/** The first four bytes of calldata, or undefined when there are fewer. */
export function selectorOf(input: Hex): Hex | undefined {
  return input.length >= 10 ? (input.slice(0, 10) as Hex) : undefined
}
