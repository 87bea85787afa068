import { expect, test } from 'vitest'
import { address, call, data, word } from '../../test/harness/build.ts'
import { causesOf } from '../../test/harness/causes.ts'
import type { Address } from '../model/hex.ts'

const [eve, tool, host, agreement] = ['eve', 'tool', 'host', 'agreement'].map(address) as [
  Address,
  Address,
  Address,
  Address,
]
const inner = data('0x232d2b58', 11n, 12n, 13n)

test('where nothing moves, the contract that was entered with effect is suspected, and no more', () => {
  const root = call(
    tool,
    { input: '0xc0406226' },
    call(host, { input: data('0x39255d5b', 1n) }, call(agreement, { input: inner })),
  )
  const [first] = causesOf(eve, root).hypotheses
  expect(first).toMatchObject({ category: 'drain', contract: host, confidence: 0.15 })
  expect(first?.statement).toMatch(/a suspicion, no more/)
})

test('where that contract made a call that the attacker wrote, the call is suspected first', () => {
  const written = `0x39255d5b${word(agreement)}${inner.slice(2)}` as const
  const root = call(
    tool,
    { input: '0xc0406226' },
    call(host, { input: written }, call(agreement, { input: inner })),
  )
  expect(causesOf(eve, root).hypotheses[0]).toMatchObject({ category: 'arbitrary-call', contract: host })
})
