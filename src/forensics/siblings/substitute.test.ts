import { keccak256 } from 'viem'
import { expect, test } from 'vitest'
import { anAddress } from '../../../test/harness/builders.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { belongings, immutablesOf, slotsOf, substituted } from './substitute.ts'

const a: Address = `0x${'a1'.repeat(20)}`
const b: Address = `0x${'b2'.repeat(20)}`
const c: Address = `0x${'c3'.repeat(20)}`
const word = (value: Address): Hash => `0x${value.slice(2).padStart(64, '0')}`
const entry = (key: Address, place: Hash): Hash => keccak256(`0x${word(key).slice(2)}${place.slice(2)}`)
const PLACE_3: Hash = `0x${'3'.padStart(64, '0')}`

test('immutables of the same code are laid side by side; other code, and numbers, are not', () => {
  const code = (x: Address, y: Address): Hex => `0x60807f${word(x).slice(2)}5073${y.slice(2)}5b`
  expect(immutablesOf(code(a, b), code(c, b))).toEqual(new Map([[a, c]]))
  expect(immutablesOf(code(a, a), code(b, c))).toEqual(new Map([[a, b]]))
  expect(immutablesOf(code(a, b), `${code(c, b)}00`)).toEqual(new Map())
  expect(immutablesOf(code(anAddress(5), b), code(anAddress(7), b))).toEqual(new Map())
})

test('slots that hold addresses are laid side by side; amounts are not', () => {
  const slots = [
    { ours: word(a), theirs: word(c) },
    { ours: word(anAddress(9)), theirs: word(anAddress(8)) },
    { ours: word(b), theirs: word(b) },
  ]
  expect(slotsOf(slots)).toEqual(new Map([[a, c]]))
})

test('addresses are replaced all at once, so that a swap is a swap', () => {
  const swap = new Map([
    [a, b],
    [b, a],
  ])
  expect(substituted(`0x00${a.slice(2)}${b.slice(2)}${c.slice(2)}`, swap)).toBe(
    `0x00${b.slice(2)}${a.slice(2)}${c.slice(2)}`,
  )
})

test('what the attacker held and had allowed goes along, and nobody else’s does', () => {
  const thief = anAddress(0x66)
  const [token, victim, sibling] = [a, b, c]
  const account = (storage: Record<Hash, Hash>) => ({ balance: 0n, nonce: 1, code: '0x60' as Hex, storage })
  const balance = entry(thief, PLACE_3)
  const prestate = {
    [token]: account({
      [balance]: word(anAddress(50)),
      [entry(victim, balance)]: word(anAddress(70)),
      [entry(anAddress(1), PLACE_3)]: word(anAddress(60)),
    }),
  }
  const moved = belongings({ prestate, attackers: [thief] }, new Map([[victim, sibling]]))
  expect(moved).toEqual([
    { address: token, slot: balance, value: word(anAddress(50)) },
    { address: token, slot: entry(sibling, balance), value: word(anAddress(70)) },
  ])
})
