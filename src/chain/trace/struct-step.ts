import type { Address, Hex } from '../../model/hex.ts'
import type { Raw } from './fields.ts'
import { array, integer, malformed, object, textOrNull } from './fields.ts'

/** One instruction in geth's default tracer, before it ran. Stack and memory are read only where needed. */
export type Step = {
  op: string
  gas: number
  gasCost: number
  /** 1 for the transaction's own frame. */
  depth: number
  error: string | null
  raw: Raw
}

export function stepOf(item: unknown, path: string): Step {
  const raw = object(item, path)
  const { op } = raw
  if (typeof op !== 'string') throw malformed(`${path}.op`, 'the name of an instruction', op)
  const depth = integer(raw['depth'], `${path}.depth`)
  if (depth < 1) throw malformed(`${path}.depth`, 'a depth of at least 1', raw['depth'])
  return {
    op,
    gas: integer(raw['gas'], `${path}.gas`),
    gasCost: integer(raw['gasCost'] ?? 0, `${path}.gasCost`),
    depth,
    error: textOrNull(raw['error']),
    raw,
  }
}

/** The `n`th word from the top of the stack. Throws `chain.MalformedField` where there is none. */
export function stackAt({ raw }: Step, n: number, path: string): bigint {
  const stack = array(raw['stack'], `${path}.stack`)
  const word = stack[stack.length - 1 - n]
  const digits = typeof word === 'string' ? word.replace(/^0x/, '') : ''
  if (!/^[0-9a-fA-F]{1,64}$/.test(digits))
    throw malformed(`${path}.stack`, `a word at ${n} from its top`, word)
  return BigInt(`0x${digits}`)
}

/** Above this size memory would cost many times the gas of any block. */
const MOST_MEMORY = 2 ** 26

/** Bytes of memory; bytes beyond its end are zero, as in the EVM. */
export function memoryAt({ raw }: Step, [offset, length]: readonly [bigint, bigint], path: string): Hex {
  if (length === 0n) return '0x'
  if (length > MOST_MEMORY || offset > MOST_MEMORY)
    throw malformed(`${path}.stack`, 'a place in memory', `${offset}, ${length}`)
  const start = Number(offset)
  const end = start + Number(length)
  const first = Math.floor(start / 32)
  const words = wordsOf(raw, path).slice(first, Math.ceil(end / 32))
  const text = words
    .map((word) => (typeof word === 'string' ? word.replace(/^0x/, '').padStart(64, '0') : ''))
    .join('')
    .toLowerCase()
  if (!/^[0-9a-f]*$/.test(text)) throw malformed(`${path}.memory`, 'words of 32 bytes', words[0])
  const from = 2 * (start - 32 * first)
  return `0x${text.slice(from, from + 2 * (end - start)).padEnd(2 * (end - start), '0')}`
}

export function memoryWords({ raw }: Step, path: string): number {
  return wordsOf(raw, path).length
}

/** Absent where it is empty. */
function wordsOf(raw: Raw, path: string): readonly unknown[] {
  return raw['memory'] === undefined || raw['memory'] === null ? [] : array(raw['memory'], `${path}.memory`)
}

export function addressFrom(word: bigint): Address {
  return `0x${BigInt.asUintN(160, word).toString(16).padStart(40, '0')}`
}

export function wordHex(word: bigint): Hex {
  return `0x${word.toString(16).padStart(64, '0')}`
}
