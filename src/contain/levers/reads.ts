import { type AbiFunction, encodeFunctionData, parseAbiItem } from 'viem'
import type { Address, Hex } from '../../model/hex.ts'
import { ALL_BITS, type StateRead } from '../../model/lever.ts'

/** A read of a view with arguments; nonzero means pulled by default. */
export function readOf(
  to: Address,
  view: string,
  {
    args = [],
    ...rest
  }: { args?: readonly unknown[] } & Partial<Pick<StateRead, 'word' | 'mask' | 'pulled'>> = {},
): StateRead {
  const abi = parseAbiItem(`function ${view}`) as AbiFunction
  const data = encodeFunctionData({ abi: [abi], args }).toLowerCase() as Hex
  const shown = args.map(String).join(', ')
  return {
    to,
    data,
    word: 0,
    mask: ALL_BITS,
    pulled: 'set',
    text: `${abi.name}(${shown})`,
    ...rest,
  }
}

/** 32 bytes. */
export function wordOf(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`
}

/** A word with ones from bit `from`, `width` of them. */
export function maskOf(from: number, width: number): Hex {
  return wordOf(((1n << BigInt(width)) - 1n) << BigInt(from))
}

/** The first value that a view answered, where it is an address. */
export function addressIn(answer: readonly unknown[] | null, place = 0): Address | undefined {
  const value = answer?.[place]
  return typeof value === 'string' && /^0x[0-9a-f]{40}$/.test(value) ? (value as Address) : undefined
}

/** A value that a view answered, where it is a number. */
export function numberIn(answer: readonly unknown[] | null, place = 0): bigint | undefined {
  const value = answer?.[place]
  if (typeof value === 'number') return BigInt(value)
  return typeof value === 'bigint' ? value : undefined
}

/** The addresses of a list that a view answered, up to the limit. */
export function addressesIn(answer: readonly unknown[] | null, most = 64): Address[] {
  const list = answer?.[0]
  if (!Array.isArray(list)) return []
  return list.filter((item): item is Address => addressIn([item]) !== undefined).slice(0, most)
}

/** The value that a person gave, where it is an address. */
export function givenAddress(given: Readonly<Record<string, string>>, name: string): Address | undefined {
  return addressIn([given[name]?.toLowerCase()])
}

/** The value that a person gave, where it is a whole number of at most 78 digits. */
export function givenNumber(given: Readonly<Record<string, string>>, name: string): bigint | undefined {
  const text = given[name]
  return text !== undefined && /^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(text) ? BigInt(text) : undefined
}

/** The value that a person gave, where it is 32 bytes. */
export function givenWord(given: Readonly<Record<string, string>>, name: string): Hex | undefined {
  const text = given[name]?.toLowerCase()
  return text !== undefined && /^0x[0-9a-f]{64}$/.test(text) ? (text as Hex) : undefined
}

/** A duration that a view answered; undefined where it is longer than a century and thus meaningless. */
export function secondsIn(answer: readonly unknown[] | null): number | undefined {
  const value = numberIn(answer)
  return value === undefined || value > 3_155_760_000n ? undefined : Number(value)
}
