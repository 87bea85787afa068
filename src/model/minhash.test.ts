import { expect, test } from 'vitest'
import { randomFrom } from '../../bench/random.ts'
import type { Hex } from './hex.ts'
import { minHash, nearest } from './minhash.ts'

const random = randomFrom(7)
const byte = (value: number): string => value.toString(16).padStart(2, '0')
/** Opcodes that take nothing from the code after them. */
const plain = [
  0x01, 0x03, 0x10, 0x14, 0x15, 0x33, 0x34, 0x35, 0x50, 0x51, 0x52, 0x54, 0x55, 0x56, 0x5b, 0x80, 0x90,
]
const randomCode = (length: number): string =>
  Array.from({ length }, () => byte(plain[Math.floor(random() * plain.length)] ?? 0)).join('')
const push20 = (address: string): string => `73${address}`
const a = '11'.repeat(20)
const b = 'ee'.repeat(20)
/** A program that names an address here and there. */
const parts = Array.from({ length: 8 }, () => randomCode(60))
const program = (address: string): Hex => `0x${parts.join(push20(address))}`
const alike = (x: Hex, y: Hex): number => {
  const known = minHash(y)
  if (known === null) throw new Error('too short')
  return nearest(x, [{ minHash: known }])?.similarity ?? 0
}

test('the same code with another owner, target or amount is the same code', () => {
  expect(alike(program(a), program(b))).toBe(1)
})

test('a longer number pushed, and the metadata that solc appends, change nothing', () => {
  const metadata = `a264697066735822${'12'.repeat(40)}`
  const withMetadata: Hex = `${program(a)}${metadata}${(metadata.length / 2).toString(16).padStart(4, '0')}`
  expect(alike(withMetadata, program(a))).toBe(1)
  expect(alike(`0x${parts.join('62aabbcc')}`, `0x${parts.join('60aa')}`)).toBe(1)
})

test('functions in another order are nearly the same, a third replaced is not', () => {
  const shuffled: Hex = `0x${[...parts].reverse().join(push20(a))}`
  expect(alike(shuffled, program(a))).toBeGreaterThan(0.8)
  const replaced: Hex = `0x${[...parts.slice(0, 5), ...parts.slice(5).map(() => randomCode(60))].join(push20(a))}`
  expect(alike(replaced, program(a))).toBeLessThan(0.7)
})

test('other programs are not alike, and code too short to tell is compared with nothing', () => {
  expect(alike(`0x${randomCode(500)}`, `0x${randomCode(500)}`)).toBeLessThan(0.2)
  expect(minHash('0x')).toBeNull()
  expect(minHash(`0x363d3d373d3d3d363d73${a}5af43d82803e903d91602b57fd5bf3`)).toBeNull()
})

test('hostile code is read in bounded time: a push that never ends, odd bytes, megabytes', () => {
  expect(minHash(`0x${'7f'.repeat(200)}`)).toBeNull()
  expect(minHash(`0x${randomCode(400_000)}`)).toHaveLength(128)
  expect(minHash(`0x${'ff'.repeat(60_000)}`)).toBeNull()
})
