import { forgetOldest } from '../../lib/bounded.ts'

/** The bounds between which a rate (amount · 1e18 / claims) was seen, and how often. */
export type Rate = { low: bigint; high: bigint; seen: number }

/** A price that an account wrote into a source of settlement prices. */
export type PriceSet = {
  /** The words of the call, of which some are times and one is the price. */
  words: readonly bigint[]
  /** Block time, seconds; null where not recorded. */
  at: number | null
  by: string | null
  hash: string
}

/** The payment for a position. */
export type Paid = { hash: string; input: string; closed: boolean }

/**
 * The whole memory of the detector: plain data, each map bounded, the entry that was silent longest forgotten first.
 */
export type Memory = {
  /** vault + claim + asset → the amount paid for a unit */
  payouts: Map<string, Rate>
  /** vault + claim + asset → the amount deposited for a unit when it was issued */
  backings: Map<string, Rate>
  /** vault + function → how often it took claims, and how often it did not; only for a vault known from its birth */
  functions: Map<string, { took: number; other: number }>
  /** vault + claim of those that were ever exercised or settled by name or by their expiry */
  options: Map<string, true>
  /** vault + id → token, of positions issued as single tokens */
  positions: Map<string, string>
  /** vault + position → the payment for it */
  paid: Map<string, Paid>
  /** source of settlement prices → the prices written into it lately */
  prices: Map<string, PriceSet[]>
  /** source + the question apart from the time → the price last relied on */
  relied: Map<string, bigint>
}

const MOST = 20_000
const MOST_SETS = 64
const SCALE = 10n ** 18n

export function emptyMemory(): Memory {
  return {
    payouts: new Map(),
    backings: new Map(),
    functions: new Map(),
    options: new Map(),
    positions: new Map(),
    paid: new Map(),
    prices: new Map(),
    relied: new Map(),
  }
}

export function rateOf(amount: bigint, claims: bigint): bigint {
  return (amount * SCALE) / claims
}

export function noteRate(rates: Map<string, Rate>, key: string, rate: bigint): void {
  const known = rates.get(key)
  rates.delete(key)
  if (known === undefined) keep(rates, key, { low: rate, high: rate, seen: 1 })
  else
    keep(rates, key, {
      low: rate < known.low ? rate : known.low,
      high: rate > known.high ? rate : known.high,
      seen: known.seen + 1,
    })
}

/** True where every unit had the same rate, to one per cent: a settled series, or a fixed collateral. */
export function isFixed({ low, high }: Rate): boolean {
  return (high - low) * 100n <= high
}

export function notePrice(prices: Memory['prices'], source: string, set: PriceSet): void {
  const sets = prices.get(source) ?? []
  prices.delete(source)
  keep(prices, source, [...sets, set].slice(-MOST_SETS))
}

export function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value)
  forgetOldest(map, MOST)
}
