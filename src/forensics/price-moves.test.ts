import { encodeAbiParameters } from 'viem'
import { expect, test } from 'vitest'
import { address, block, call } from '../../test/harness/build.ts'
import type { Frame } from '../model/block.ts'
import type { SwapFact } from '../model/fact.ts'
import type { Address, Hash, Hex } from '../model/hex.ts'
import { movedBy, type PriceMove, priceMove, priceText, type Ratio } from './price-moves.ts'

const low: Address = `0x${'11'.repeat(20)}`
const high: Address = `0x${'22'.repeat(20)}`
const pool = address('pool')
const words = (...values: bigint[]): Hex =>
  encodeAbiParameters(
    values.map(() => ({ type: 'uint256' })),
    values,
  )
const SYNC: Hash = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'
const V3: Hash = '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67'

const swap = (changes: Partial<SwapFact>): SwapFact => ({
  kind: 'swap',
  pool,
  trader: null,
  assetIn: low,
  assetOut: high,
  amountIn: 100n,
  amountOut: 50n,
  protocol: null,
  frame: 1,
  ...changes,
})
const framesWith = (topic: Hash, data: Hex): readonly Frame[] =>
  block({
    transactions: [
      {
        from: address('eve'),
        root: call(address('tool'), {}, call(pool, {}, { log: { address: pool, topics: [topic], data } })),
      },
    ],
  }).transactions[0]?.frames ?? []

test('a pool with reserves tells the price before and after a trade, whichever token it was', () => {
  const frames = framesWith(SYNC, words(1_100n, 450n))
  expect(priceMove(swap({}), frames, new Map())).toEqual({
    before: { given: 1_000n, got: 500n },
    after: { given: 1_100n, got: 450n },
  })
  const back = swap({ assetIn: high, assetOut: low, amountIn: 50n, amountOut: 100n })
  expect(priceMove(back, frames, new Map())).toEqual({
    before: { given: 400n, got: 1_200n },
    after: { given: 450n, got: 1_100n },
  })
})

test('a pool with a square root tells the price after; before is where its last trade here left it', () => {
  const last = new Map<Address, Ratio>()
  const at = (root: bigint): readonly Frame[] => framesWith(V3, words(1n, 1n, root, 1n))
  expect(priceMove(swap({}), at(2n ** 96n), last)).toBeUndefined()
  const move = priceMove(swap({}), at(2n ** 97n), last) as PriceMove
  // the second token for one of the first went from 1 to 4: the first for one of the second from 1 to ¼
  expect(priceText(move.before, [0, 0])).toBe('1')
  expect(priceText(move.after, [0, 0])).toBe('0.25')
})

test('what other contracts log, broken logs and trades against themselves say nothing', () => {
  expect(
    priceMove(swap({ pool: address('other') }), framesWith(SYNC, words(1n, 1n)), new Map()),
  ).toBeUndefined()
  for (const data of ['0x', '0x12', words(0n, 0n), words(50n, 1n)] as const)
    expect(priceMove(swap({}), framesWith(SYNC, data), new Map())).toBeUndefined()
  expect(priceMove(swap({ assetOut: low }), framesWith(SYNC, words(1_100n, 450n)), new Map())).toBeUndefined()
  expect(priceMove(swap({ frame: 99 }), framesWith(SYNC, words(1_100n, 450n)), new Map())).toBeUndefined()
})

test('moves are told in both directions, prices in whole units with six digits', () => {
  const move = { before: { given: 100n, got: 100n }, after: { given: 105n, got: 100n } }
  expect(movedBy(move, 500n)).toBe(true)
  expect(movedBy(move, 501n)).toBe(false)
  expect(movedBy({ before: move.after, after: move.before }, 400n)).toBe(true)
  expect(priceText({ given: 3_000_123_456n, got: 10n ** 18n }, [6, 18])).toBe('3,000.12')
  expect(priceText({ given: 1n, got: 3n }, [0, 0])).toBe('0.333333')
  expect(priceText({ given: 1n, got: 0n }, [0, 0])).toBe('without end')
})
