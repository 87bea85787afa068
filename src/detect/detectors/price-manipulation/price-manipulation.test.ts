import { describe, expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  pay,
  pull,
  transaction,
  view,
  word,
} from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import { VALUATIONS } from '../../../facts/signatures.ts'
import type { Scope } from '../../../model/detector.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { createEngine, evaluateSettled } from '../../engine/engine.ts'
import { priceManipulation } from './price-manipulation.ts'

const [alice, bot, pool, pool2, market, oracle, usd, coin] = [
  'alice',
  'bot',
  'pool',
  'pool2',
  'market',
  'oracle',
  'usd',
  'coin',
].map(address) as [Address, Address, Address, Address, Address, Address, Address, Address]
const scope: Scope = { kind: 'contracts', addresses: new Set([market]) }

function findIn(root: CallNode, over: Scope = scope): Finding[] {
  const engine = createEngine({ detectors: [priceManipulation], scope: over })
  return evaluateSettled(engine, blockFacts(transaction({ from: alice, root })))
}

type Trade = { at: Address; sell: Address; amount: bigint; buy: Address; gets: bigint }
const trade = ({ at, sell, amount, buy, gets }: Trade): CallNode[] => [
  pay(sell, { from: bot, to: at, amount }),
  call(at, { input: '0x022c0d9f' }, pay(buy, { from: at, to: bot, amount: gets })),
]
const push = trade({ at: pool, sell: usd, amount: 1_000n, buy: coin, gets: 500n })
const pull_ = trade({ at: pool, sell: coin, amount: 500n, buy: usd, gets: 990n })
const look = view(pool, VALUATIONS['getReserves()'], `0x${word(5n)}${word(7n)}${word(1n)}`)
const borrow = (read: CallNode): CallNode =>
  call(market, { input: '0xc5ebeaec' }, read, pay(usd, { from: market, to: bot, amount: 300n }))
const run = (...inner: readonly CallNode[]): CallNode => call(bot, { input: '0xc0406226' }, ...inner)

describe('price manipulation', () => {
  test('push, borrow on the moved price, pull', () => {
    const [found] = findIn(run(...push, borrow(look), ...pull_))
    expect(found).toMatchObject({
      severity: 'critical',
      protected: [market],
      victims: [market],
      categories: ['price-manipulation'],
    })
  })

  test('the market asks an oracle, and the oracle the pool', () => {
    const asked = call(
      oracle,
      { type: 'STATICCALL', input: VALUATIONS['latestAnswer()'], output: `0x${word(9n)}` },
      look,
    )
    expect(findIn(run(...push, borrow(asked), ...pull_))).toHaveLength(1)
  })

  test('whoever is the victim, it is seen with nothing protected', () => {
    expect(findIn(run(...push, borrow(look), ...pull_), { kind: 'everything' })).toHaveLength(1)
  })
})

describe('benign twins', () => {
  test('arbitrage through two pools, each of which values itself', () => {
    const root = run(
      look,
      ...push,
      view(pool2, VALUATIONS['getReserves()'], `0x${word(5n)}`),
      ...trade({ at: pool2, sell: coin, amount: 500n, buy: usd, gets: 1_020n }),
    )
    expect(findIn(root)).toEqual([])
    expect(findIn(root, { kind: 'everything' })).toEqual([])
  })

  test('a large sale, and a loan in the same transaction before it', () => {
    expect(findIn(run(borrow(look), ...push))).toEqual([])
  })

  test('a loan on the price of another pool', () => {
    const other = view(pool2, VALUATIONS['getReserves()'], `0x${word(5n)}`)
    expect(findIn(run(...push, borrow(other), ...pull_))).toEqual([])
  })

  test('a liquidation: the market values, is paid, and pays out collateral that is sold afterwards', () => {
    const liquidate = call(
      market,
      { input: '0xf5e3c462' },
      look,
      pull(usd, { from: bot, to: market, amount: 300n }),
      pay(coin, { from: market, to: bot, amount: 160n }),
    )
    const sale = trade({ at: pool, sell: coin, amount: 160n, buy: usd, gets: 310n })
    expect(findIn(run(liquidate, ...sale))).toEqual([])
  })

  test('somebody looks at the moved price and pays nothing on it', () => {
    expect(findIn(run(...push, call(market, { input: '0x11111111' }, look), ...pull_))).toEqual([])
  })

  test('liquidity that is put in before a trade and taken out after it', () => {
    const add = [
      pay(usd, { from: bot, to: pool, amount: 100n }),
      call(pool, { input: '0x6a627842' }, look, pay(coin, { from: bot, to: pool, amount: 50n })),
    ]
    const remove = call(
      pool,
      { input: '0x89afcb44' },
      look,
      pay(usd, { from: pool, to: bot, amount: 101n }),
      pay(coin, { from: pool, to: bot, amount: 50n }),
    )
    const root = run(...add, ...push, remove)
    for (const over of [
      scope,
      { kind: 'contracts', addresses: new Set([pool]) },
      { kind: 'everything' },
    ] as const)
      expect(findIn(root, over)).toEqual([])
  })
})
