import { describe, expect, test } from 'vitest'
import { address, call, transaction, ZERO } from '../../test/harness/build.ts'
import type { Fact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { blockFacts } from './facts.ts'

const [alice, bob, pool] = ['alice', 'bob', 'pool'].map(address) as [Address, Address, Address]
const names = new Map<string, string>([
  ...['alice', 'bob', 'pool'].map((name) => [address(name), name] as const),
  [ZERO, 'zero'],
])
/** Transfers in few words; another kind of fact by its name. */
const moves = (facts: readonly Fact[]): string[] =>
  facts.map((fact) =>
    fact.kind === 'transfer'
      ? `${fact.standard} ${fact.asset} ${names.get(fact.from)}>${names.get(fact.to)} ${fact.amount}`
      : fact.kind,
  )

describe('the coin of a whole transaction', () => {
  const bundle = transaction({ from: alice, root: call(bob, { value: 5n }) })
  const [only] = bundle.transactions
  if (only === undefined) throw new Error('one transaction was built')
  const factsWith = (change: Partial<typeof only>) =>
    moves(blockFacts({ ...bundle, transactions: [{ ...only, ...change }] }).transactions[0]?.facts ?? [])

  test('without a trace is its value, to the receiver or to the created contract', () => {
    expect(factsWith({ frames: [] })).toEqual(['native native alice>bob 5'])
    expect(factsWith({ frames: [], to: null, contractAddress: pool })).toEqual(['native native alice>pool 5'])
    for (const change of [{ value: 0n }, { from: null }, { to: null, contractAddress: null }])
      expect(factsWith({ frames: [], ...change })).toEqual([])
  })

  test('that a deposit from another layer issues is there first, even where the rest fails', () => {
    const issued = { mint: 7n }
    expect(factsWith(issued)).toEqual(['native native zero>alice 7', 'native native alice>bob 5'])
    expect(factsWith({ ...issued, succeeded: false })).toEqual(['native native zero>alice 7'])
    expect(factsWith({ ...issued, from: null, succeeded: false })).toEqual([])
    const framesOf = (change: Partial<typeof only>) =>
      blockFacts({ ...bundle, transactions: [{ ...only, ...issued, ...change }] }).transactions[0]?.facts.map(
        ({ frame }) => frame,
      )
    expect(framesOf({})).toEqual([0, 0])
    expect(framesOf({ frames: [] })).toEqual([-1, -1])
  })

  test('is moved by no call that keeps it: delegated, static or with an unknown end', () => {
    const [frame] = only.frames
    if (frame === undefined) throw new Error('one frame was built')
    expect(factsWith({ frames: [frame] })).toEqual(['native native alice>bob 5'])
    for (const change of [
      { type: 'CALLCODE' },
      { type: 'DELEGATECALL' },
      { type: 'STATICCALL' },
      { from: null },
      { to: null },
      { reverted: true },
    ] as const)
      expect(factsWith({ frames: [{ ...frame, ...change }] })).toEqual([])
  })
})

test('each transaction names the producer of its block where it is known', () => {
  const bundle = transaction({ from: alice, root: call(bob, {}) })
  expect(blockFacts({ ...bundle, miner: pool }).transactions).toMatchObject([{ producer: pool }])
  expect(blockFacts({ ...bundle, miner: null }).transactions[0]).not.toHaveProperty('producer')
})
