import { expect, test } from 'vitest'
import type { Asset } from '../model/block.ts'
import type { Fact, SwapFact, TransactionFacts, TransferFact } from '../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../model/hex.ts'
import { pricesIn, usdOf } from './prices.ts'

const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48'
const [A, B, C, POOL] = ['aa', 'bb', 'cc', 'dd'].map((pair): Address => `0x${pair.repeat(20)}`) as [
  Address,
  Address,
  Address,
  Address,
]

const swap = (assetIn: Address, amountIn: bigint, [assetOut, amountOut]: [Address, bigint]): SwapFact => ({
  kind: 'swap',
  pool: POOL,
  trader: null,
  assetIn,
  assetOut,
  amountIn,
  amountOut,
  protocol: null,
  frame: 0,
})

const withSwaps = (...facts: Fact[]): TransactionFacts[] => [
  { facts, deltas: new Map(), transaction: {} as TransactionFacts['transaction'] },
]

test('a dollar token is a dollar, by its decimals', () => {
  expect(usdOf(pricesIn(1, []), USDC, 1_234_560_000n)).toBe('1234.56')
  expect(usdOf(pricesIn(1, []), USDC, -50_000_000n)).toBe('-50.00')
})

test('a token is worth what was first paid for it, before the attack moved the pool', () => {
  const swaps = withSwaps(
    swap(USDC, 2_000_000_000n, [A, 10n ** 18n]),
    swap(USDC, 2_000_000_000n, [A, 10n ** 12n]),
  )
  expect(usdOf(pricesIn(1, swaps), A, 3n * 10n ** 18n)).toBe('6000.00')
})

test('prices are handed on from pool to pool, and say so', () => {
  const swaps = withSwaps(swap(B, 10n, [A, 5n]), swap(A, 1n, [USDC, 4_000_000n]))
  const prices = pricesIn(1, swaps)
  expect(usdOf(prices, B, 1n)).toBe('2.00')
  expect(prices.get(B)?.source).toMatch(/after 2 pools/)
})

const moved = (asset: Asset, amount: bigint, [from, to]: [Address, Address]): TransferFact => ({
  kind: 'transfer',
  standard: asset === 'native' ? 'native' : 'erc20',
  asset,
  from,
  to,
  amount,
  tokenId: null,
  frame: 0,
  source: 'log',
})

test('the coin is worth what the token that wraps it is, seen from a deposit or a withdrawal of the same amount', () => {
  const trade = swap(A, 10n ** 18n, [USDC, 3_000_000_000n])
  const deposit = [moved('native', 7n, [B, A]), moved(A, 7n, [ZERO_ADDRESS, B])]
  const withdrawal = [moved(A, 7n, [B, ZERO_ADDRESS]), moved('native', 7n, [A, B])]
  for (const facts of [deposit, withdrawal]) {
    const prices = pricesIn(1, withSwaps(trade, ...facts))
    expect(usdOf(prices, 'native', 10n ** 18n)).toBe('3000.00')
    expect(prices.get('native')?.source).toMatch(/^wraps .* one to one; first trade in/)
  }
  const unequal = [moved('native', 7n, [B, A]), moved(A, 8n, [ZERO_ADDRESS, B])]
  const another = [moved('native', 7n, [B, C]), moved(A, 7n, [ZERO_ADDRESS, B])]
  for (const facts of [unequal, another])
    expect(usdOf(pricesIn(1, withSwaps(trade, ...facts)), 'native', 1n)).toBeUndefined()
})

test('what a pool of two tokens says to hold of each is worth the same, and counts before a trade', () => {
  const reserves = (answer: readonly bigint[]): Fact => ({
    kind: 'valuation',
    source: POOL,
    reader: C,
    selector: '0x0902f1ac',
    answer,
    frame: 0,
  })
  const USDT: Address = '0xdac17f958d2ee523a2206206994597c13d831ec7'
  // the token with the lower address stands first
  const moves = [moved(A, 1n, [C, POOL]), moved(USDT, 1n, [POOL, C])]
  const said = reserves([10n ** 18n, 2_000_000_000n, 7n])
  const prices = pricesIn(1, withSwaps(said, ...moves, swap(USDT, 5n, [A, 10n ** 18n]), reserves([1n, 1n])))
  expect(usdOf(prices, A, 10n ** 18n)).toBe('2000.00')
  expect(prices.get(A)?.source).toBe(`reserves of ${POOL}, after 1 pool`)
  const third = moved(B, 1n, [C, POOL])
  expect(usdOf(pricesIn(1, withSwaps(said, ...moves, third)), A, 1n)).toBeUndefined()
  for (const answer of [[], [0n, 5n], [5n, 0n]])
    expect(usdOf(pricesIn(1, withSwaps(reserves(answer), ...moves)), A, 1n)).toBeUndefined()
})

test('each pool more is believed less', () => {
  const prices = pricesIn(1, withSwaps(swap(B, 10n, [A, 5n]), swap(A, 1n, [USDC, 4_000_000n])))
  expect(prices.get(USDC)?.confidence).toBeGreaterThan(prices.get(A)?.confidence ?? 1)
  expect(prices.get(A)?.confidence).toBeGreaterThan(prices.get(B)?.confidence ?? 1)
})

test('what was never traded has no price, and a given one counts before all', () => {
  const prices = pricesIn(
    1,
    [],
    new Map([[USDC, { usdE36: 10n ** 30n / 2n, source: 'a file', confidence: 0.95 }]]),
  )
  expect(usdOf(prices, C, 1n)).toBeUndefined()
  expect(usdOf(prices, USDC, 1_000_000n)).toBe('0.50')
})

test('hostile amounts neither divide by zero nor end', () => {
  const swaps = withSwaps(swap(USDC, 0n, [A, 5n]), swap(USDC, 5n, [A, 0n]), swap(USDC, 10n ** 77n, [B, 1n]))
  const prices = pricesIn(1, swaps)
  expect(usdOf(prices, A, 1n)).toBeUndefined()
  expect(usdOf(prices, B, 10n ** 77n)).toMatch(/^\d+\.00$/)
})
