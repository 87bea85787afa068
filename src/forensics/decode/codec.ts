import type { Hex } from '../../model/hex.ts'
import { type AbiType, isDynamic, type Parameter } from './abi-type.ts'

/** Addresses and bytes are lower-case hex; a `string` stays the hex of its bytes, which need not be UTF-8. */
export type AbiValue = bigint | boolean | Hex | readonly AbiValue[]

/** Each word that is read spends a budget, so offsets that point back or at one another cannot increase the work. */
type Reading = { data: string; left: number }

class Undecodable extends Error {}

const MOST_NESTING = 32

/**
 * The values of ABI-encoded data (hex without 0x, without selector), or undefined if it does not have these types. The
 * length of the data bounds the work: a proper encoding has each word once, and each is read at most twice here.
 */
export function decodeParameters(
  parameters: readonly Parameter[],
  data: string,
): readonly AbiValue[] | undefined {
  const reading = { data, left: 2 * Math.ceil(data.length / 64) + 64 }
  try {
    return readTuple(parameters, 0, { reading, nesting: 0 })
  } catch (thrown) {
    if (thrown instanceof Undecodable) return undefined
    throw thrown
  }
}

type At = { reading: Reading; nesting: number }

function readTuple(parts: readonly Parameter[], base: number, at: At): AbiValue[] {
  let head = base
  return parts.map(({ type }) => {
    const value = readPart(type, { base, head }, at)
    head += headSize(type)
    return value
  })
}

/** Positions are in hex digits. */
function readPart(type: AbiType, { base, head }: { base: number; head: number }, at: At): AbiValue {
  return isDynamic(type) ? readAt(type, base + 2 * sizeAt(head, at.reading), at) : readAt(type, head, at)
}

function readAt(type: AbiType, position: number, { reading, nesting }: At): AbiValue {
  if (nesting > MOST_NESTING) throw new Undecodable()
  spend(reading, 1)
  const inner = { reading, nesting: nesting + 1 }
  switch (type.kind) {
    case 'tuple':
      return readTuple(type.of, position, inner)
    case 'array': {
      const length = type.length ?? sizeAt(position, reading)
      const start = type.length === null ? position + 64 : position
      // Each element costs at least one read: a length of 2^52 ends here and not in memory.
      if (length > reading.left) throw new Undecodable()
      return readTuple(
        Array.from({ length }, () => ({ name: null, type: type.of })),
        start,
        inner,
      )
    }
    case 'bytes':
    case 'string':
      return readBytes(position, reading)
    default:
      return readWord(type, position, reading)
  }
}

function readBytes(position: number, reading: Reading): Hex {
  const length = 2 * sizeAt(position, reading)
  const start = position + 64
  if (start + length > reading.data.length) throw new Undecodable()
  spend(reading, Math.ceil(length / 64))
  return `0x${reading.data.slice(start, start + length)}`
}

function readWord(type: AbiType, position: number, { data }: Reading): AbiValue {
  if (position + 64 > data.length) throw new Undecodable()
  const word = data.slice(position, position + 64)
  switch (type.kind) {
    case 'uint': {
      const value = BigInt(`0x${word}`)
      if (value >> BigInt(type.bits) !== 0n) throw new Undecodable()
      return value
    }
    case 'int': {
      const value = BigInt.asIntN(256, BigInt(`0x${word}`))
      if (BigInt.asIntN(type.bits, value) !== value) throw new Undecodable()
      return value
    }
    case 'address':
      if (!word.startsWith('0'.repeat(24))) throw new Undecodable()
      return `0x${word.slice(24)}`
    case 'bool':
      if (!/^0{63}[01]$/.test(word)) throw new Undecodable()
      return word.endsWith('1')
    default: {
      const digits = 2 * (type.kind === 'fixedBytes' ? type.size : 24)
      if (!/^0*$/.test(word.slice(digits))) throw new Undecodable()
      return `0x${word.slice(0, digits)}`
    }
  }
}

function sizeAt(position: number, { data }: Reading): number {
  const word = data.slice(position, position + 64)
  // Beyond 2^48 it points outside any possible data.
  if (word.length < 64 || !word.startsWith('0'.repeat(52))) throw new Undecodable()
  return Number.parseInt(word.slice(52), 16)
}

function spend(reading: Reading, words: number): void {
  reading.left -= words
  if (reading.left < 0) throw new Undecodable()
}

/** In hex digits. */
function headSize(type: AbiType): number {
  if (isDynamic(type)) return 64
  if (type.kind === 'array') return (type.length ?? 0) * headSize(type.of)
  if (type.kind === 'tuple') return type.of.reduce((sum, part) => sum + headSize(part.type), 0)
  return 64
}

/** The one canonical encoding, hex without 0x: the result of `decodeParameters` is compared with its input. */
export function encodeParameters(parameters: readonly Parameter[], values: readonly AbiValue[]): string {
  let offset = parameters.reduce((sum, { type }) => sum + headSize(type), 0)
  const heads: string[] = []
  const tails: string[] = []
  parameters.forEach(({ type }, index) => {
    const encoded = encodeValue(type, values[index] ?? 0n)
    if (!isDynamic(type)) {
      heads.push(encoded)
      return
    }
    heads.push(wordOf(BigInt(offset / 2)))
    tails.push(encoded)
    offset += encoded.length
  })
  return [...heads, ...tails].join('')
}

function encodeValue(type: AbiType, value: AbiValue): string {
  if (Array.isArray(value)) {
    const parts = type.kind === 'tuple' ? type.of : value.map(() => elementOf(type))
    const inner = encodeParameters(parts, value)
    return type.kind === 'array' && type.length === null ? `${wordOf(BigInt(value.length))}${inner}` : inner
  }
  if (typeof value === 'boolean') return wordOf(value ? 1n : 0n)
  if (typeof value === 'bigint') return wordOf(BigInt.asUintN(256, value))
  const digits = String(value).slice(2)
  if (type.kind === 'address') return digits.padStart(64, '0')
  const padded = digits.padEnd(Math.ceil(digits.length / 64) * 64, '0')
  return type.kind === 'bytes' || type.kind === 'string'
    ? `${wordOf(BigInt(digits.length / 2))}${padded}`
    : padded
}

function elementOf(type: AbiType): Parameter {
  return { name: null, type: type.kind === 'array' ? type.of : type }
}

function wordOf(value: bigint): string {
  return value.toString(16).padStart(64, '0')
}
