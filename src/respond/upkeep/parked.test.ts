import { expect, test } from 'vitest'
import { address, hashOf } from '../../../test/harness/build.ts'
import type { FlowEdge } from '../../model/fund-flow.ts'
import { parkedIn, parkedText } from './parked.ts'

const [thief, vault, market, pool] = [address('thief'), address('vault'), address('market'), address('pool')]
const own = new Set([vault, market])
const robbed = new Set([vault])
const edge = (parts: Partial<FlowEdge>): FlowEdge => ({
  ...{ id: '1', from: thief, to: market, asset: 'native', tokenId: null, amount: 100n, tainted: 100n },
  ...{ taintedFifo: 100n, stolen: [], transactionHash: hashOf('1'), blockNumber: 1, order: 0 },
  ...{ kind: 'transfer', through: [], ...parts },
})
const sums = (edges: readonly FlowEdge[]): bigint[] =>
  parkedIn(edges, { own, robbed }).map(({ tainted }) => tainted)

test('what is paid into a protected contract that was not robbed is loot parked there, summed by transaction', () => {
  expect(sums([edge({}), edge({ tainted: 50n }), edge({ transactionHash: hashOf('2') })])).toEqual([
    150n,
    100n,
  ])
})

test('what comes home, goes elsewhere, or is hardly stolen is not', () => {
  expect(
    sums([edge({ to: vault }), edge({ to: pool }), edge({ tainted: 9n }), edge({ kind: 'burn' })]),
  ).toEqual([])
})

test('where something was given for it at once, that is said', () => {
  const names = new Map([[market, 'Market']])
  const [kept] = parkedIn([edge({})], { own, robbed })
  const [swapped] = parkedIn([edge({ kind: 'swap' })], { own, robbed })
  expect([kept, swapped].map((one) => one && parkedText({ names }, one).split(':')[0])).toEqual([
    'Stolen funds were paid into Market',
    'Stolen funds were paid into Market, which gave something in return at once',
  ])
})
