import { type Asset, NATIVE } from '../model/block.ts'
import type { TransactionFacts, TransferFact } from '../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../model/hex.ts'
import { usdText } from '../model/usd.ts'

/** Dollars for one base unit, times 10^36: exact enough for tokens with no decimals and with thirty. */
export type Price = {
  usdE36: bigint
  source: string
  /** 0 to 1: the credibility of the source, not a probability. */
  confidence: number
}
export type Prices = ReadonlyMap<Asset, Price>

const E36 = 10n ** 36n

/** Dollar tokens by chain, with their decimals: from the token lists of the chains. Assumed to be worth one dollar. */
const DOLLARS: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  1: {
    '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48': 6,
    '0xdac17f958d2ee523a2206206994597c13d831ec7': 6,
    '0x6b175474e89094c44da98b954eedeac495271d0f': 18,
  },
  10: { '0x7f5c764cbc14f9669b88837ca1490cca17c31607': 6, '0x0b2c639c533813f4aa9d7837caf62653d097ff85': 6 },
  56: {
    '0xe9e7cea3dedca5984780bafc599bd69add087d56': 18,
    '0x55d398326f99059ff775485246999027b3197955': 18,
    '0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d': 18,
  },
  100: { '0xddafbb505ad214d7b80b1f830fccc89b60fb7a83': 6 },
  137: {
    '0x2791bca1f2de4661ed88a30c99a7a9449aa84174': 6,
    '0xc2132d05d31c914a87c6611c10748aeb04b58e8f': 6,
    '0x8f3cf7ad23cd3cadbd9735aff958023239c6a063': 18,
  },
  250: { '0x04068da6c83afcfa0e13ba15a6696662335d5b75': 6, '0x8d11ec38a3eb5e956b052f67da8bdc9bef8abf3e': 18 },
  8453: { '0x833589fcd6edb6e08f4c7c32d4f71b54bda02913': 6 },
  42161: { '0xff970a61a04b1ca14834a43f5de4533ebddb5cc8': 6, '0xaf88d065e77c8cc2239327c5edb3a432268e5831': 6 },
  43114: { '0xb97ef9ef8734c71904d8002f8b6bc66dd9c48a6e': 6 },
}

/** Maximum number of pools through which a price is derived. */
const HOPS = 4

/**
 * A dollar token may have lost its peg; a trade within an attack may be part of it, and each further pool adds a guess.
 */
const DOLLAR_CONFIDENCE = 0.9
const TRADE_CONFIDENCE = 0.6
const PER_HOP = 0.7

/**
 * The prices of assets in these transactions: given prices, dollar tokens at a dollar, and the rest by the reserves
 * that pools of two tokens reported, or by the first trade against an asset with a price. The first, because it
 * precedes the attack's effect on the pool; a thin pool may report anything, so source and confidence accompany every
 * price. The coin and the token that wraps it have the same price.
 */
export function pricesIn(
  chainId: number,
  transactions: readonly TransactionFacts[],
  given: Prices = new Map(),
): Prices {
  const prices = new Map<Asset, Price>(given)
  for (const [asset, decimals] of Object.entries(DOLLARS[chainId] ?? {}))
    if (!prices.has(asset as Asset))
      prices.set(asset as Asset, {
        usdE36: E36 / 10n ** BigInt(decimals),
        source: 'dollar token, taken at 1',
        confidence: DOLLAR_CONFIDENCE,
      })
  const swaps = transactions.flatMap(({ facts }) => facts.filter((fact) => fact.kind === 'swap'))
  const wrappers = wrappersIn(transactions)
  const pairs = pairsIn(transactions)
  for (let hop = 0; hop < HOPS; hop++) {
    const after = `, after ${hop + 1} ${hop === 0 ? 'pool' : 'pools'}`
    const confidence = TRADE_CONFIDENCE * PER_HOP ** hop
    for (const wrapper of wrappers) sameWorth(prices, NATIVE, wrapper)
    for (const { pool, assets, reserves } of pairs)
      balance(prices, { assets, amounts: reserves }, { source: `reserves of ${pool}${after}`, confidence })
    for (const { pool, assetIn, assetOut, amountIn, amountOut } of swaps)
      balance(
        prices,
        { assets: [assetIn, assetOut], amounts: [amountIn, amountOut] },
        { source: `first trade in ${pool}${after}`, confidence },
      )
  }
  return prices
}

type Equal = { assets: readonly [Asset, Asset]; amounts: readonly [bigint, bigint] }

/** Two amounts of equal value: if one asset has a price and the other has none, the other one gets it. */
function balance(prices: Map<Asset, Price>, { assets, amounts }: Equal, told: Omit<Price, 'usdE36'>): void {
  const known = prices.has(assets[0]) ? 0 : 1
  const [from, to] = [assets[known], assets[1 - known]]
  const [amount, other] = [amounts[known], amounts[1 - known]]
  const price = from === undefined ? undefined : prices.get(from)
  if (price === undefined || to === undefined || prices.has(to)) return
  if (amount === undefined || other === undefined || amount <= 0n || other <= 0n) return
  prices.set(to, { usdE36: (price.usdE36 * amount) / other, ...told })
}

type Pair = { pool: Address; assets: readonly [Asset, Asset]; reserves: readonly [bigint, bigint] }

/** Uniswap v2 `getReserves()`: the token with the lower address first. */
const GET_RESERVES = '0x0902f1ac'

/**
 * Pools that reported their reserves, as first reported, and the two tokens that moved: a pool of two tokens holds the
 * same value of each. Better than a trade if it was read before the attack moved it.
 */
function pairsIn(transactions: readonly TransactionFacts[]): Pair[] {
  const said = new Map<Address, readonly [bigint, bigint]>()
  const moved = new Map<Address, Set<Asset>>()
  for (const fact of transactions.flatMap(({ facts }) => facts)) {
    if (fact.kind === 'valuation' && fact.selector === GET_RESERVES && !said.has(fact.source))
      said.set(fact.source, [fact.answer[0] ?? 0n, fact.answer[1] ?? 0n])
    if (fact.kind !== 'transfer' || fact.tokenId !== null || fact.asset === NATIVE) continue
    for (const side of [fact.from, fact.to])
      if (fact.asset !== side) moved.set(side, (moved.get(side) ?? new Set<Asset>()).add(fact.asset))
  }
  return [...said].flatMap(([pool, reserves]) => {
    const [first, second, ...more] = [...(moved.get(pool) ?? [])].sort()
    const isPair = first !== undefined && second !== undefined && more.length === 0
    return isPair ? [{ pool, assets: [first, second] as const, reserves }] : []
  })
}

function sameWorth(prices: Map<Asset, Price>, one: Asset, other: Asset): void {
  const [from, to] = prices.has(one) ? [one, other] : [other, one]
  const price = prices.get(from)
  if (price === undefined || prices.has(to)) return
  prices.set(to, { ...price, source: `wraps ${from} one to one; ${price.source}` })
}

/**
 * Tokens that were minted for, or burned against, exactly as much coin as the contract received or paid in the same
 * frame.
 */
export function wrappersIn(transactions: readonly TransactionFacts[]): Asset[] {
  const wrappers = new Set<Asset>()
  for (const { facts } of transactions) {
    const transfers = facts.filter((fact) => fact.kind === 'transfer')
    const coins = new Set<string>()
    for (const { asset, from, to, amount } of transfers)
      if (asset === NATIVE && amount > 0n) coins.add(`${from}>${to}:${amount}`)
    if (coins.size === 0) continue
    for (const token of transfers)
      if (token.asset !== NATIVE && coins.has(coinLegOf(token))) wrappers.add(token.asset)
  }
  return [...wrappers]
}

/** WETH9: a depositor gets as many tokens as it sent wei, a withdrawer gets as many wei as tokens were burned. */
function coinLegOf({ asset, from, to, amount }: TransferFact): string {
  if (from === ZERO_ADDRESS) return `${to}>${asset}:${amount}`
  return to === ZERO_ADDRESS ? `${asset}>${from}:${amount}` : ''
}

/** An amount in dollars with two decimals; undefined if it has no price. */
export function usdOf(prices: Prices, asset: Asset, amount: bigint): string | undefined {
  const price = prices.get(asset)
  return price === undefined ? undefined : dollarsOf(amount * price.usdE36)
}

/** Dollars times 10^36 as text with two decimals. */
export function dollarsOf(valueE36: bigint): string {
  return usdText((valueE36 * 100n) / E36)
}
