import type { Asset, Frame } from '../model/block.ts'
import type { SwapFact } from '../model/fact.ts'
import type { Address, Hex } from '../model/hex.ts'

/** A price as an exact fraction: `given` base units of one asset for `got` base units of the other. */
export type Ratio = { given: bigint; got: bigint }

/** The effect of one trade on the price at which a pool gives out `assetOut` for `assetIn`. */
export type PriceMove = { before: Ratio; after: Ratio }

/** Uniswap v2 `Sync(uint112,uint112)`; v3 `Swap`, and PancakeSwap v3’s with two fields more. */
const SYNC = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'
const V3_SWAPS: ReadonlySet<string> = new Set([
  '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67',
  '0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83',
])
const Q192 = 2n ** 192n

/**
 * The price in a pool before and after a trade, from the pool's own logs within the trade: reserves (Uniswap v2 and its
 * forks, before = after minus the traded amounts), or the square root of the price (v3, before = where its last trade
 * here left it). Undefined if the pool logs neither. `last` is the state in which each pool was left, and is updated.
 */
export function priceMove(
  swap: SwapFact,
  frames: readonly Frame[],
  last: Map<Address, Ratio>,
): PriceMove | undefined {
  const at = frames[swap.frame]
  if (at === undefined || swap.assetIn === swap.assetOut) return undefined
  for (let index = swap.frame; index < at.end; index++)
    for (const { address, topics, data } of frames[index]?.logs ?? []) {
      if (address !== swap.pool) continue
      const topic = topics[0] ?? ''
      if (topic === SYNC) return byReserves(swap, data)
      if (V3_SWAPS.has(topic)) return byRoot(swap, data, last)
    }
  return undefined
}

/** Both generations put the token with the lower address first. */
function isFirst(asset: Asset, other: Asset): boolean {
  return asset < other
}

function byReserves({ assetIn, assetOut, amountIn, amountOut }: SwapFact, data: Hex): PriceMove | undefined {
  const [first, second] = wordsOf(data)
  if (first === undefined || second === undefined) return undefined
  const [reserveIn, reserveOut] = isFirst(assetIn, assetOut) ? [first, second] : [second, first]
  const before = { given: reserveIn - amountIn, got: reserveOut + amountOut }
  return before.given > 0n && reserveOut > 0n
    ? { before, after: { given: reserveIn, got: reserveOut } }
    : undefined
}

function byRoot(
  { pool, assetIn, assetOut }: SwapFact,
  data: Hex,
  last: Map<Address, Ratio>,
): PriceMove | undefined {
  const root = wordsOf(data)[2] ?? 0n
  if (root <= 0n) return undefined
  const flip = ({ given, got }: Ratio): Ratio =>
    isFirst(assetIn, assetOut) ? { given: got, got: given } : { given, got }
  // the second token for one of the first
  const now = { given: root * root, got: Q192 }
  const before = last.get(pool)
  last.set(pool, now)
  return before === undefined ? undefined : { before: flip(before), after: flip(now) }
}

function wordsOf(data: Hex): bigint[] {
  const words = (data.slice(2).match(/[0-9a-f]{64}/g) ?? []).slice(0, 4)
  return words.map((word) => BigInt(`0x${word}`))
}

const BASIS_POINTS = 10_000n

/** True if the price rose or fell by this many basis points or more. */
export function movedBy({ before, after }: PriceMove, basisPoints: bigint): boolean {
  const was = before.given * after.got
  const is = after.given * before.got
  const apart = is > was ? is - was : was - is
  return apart * BASIS_POINTS >= was * basisPoints
}

/**
 * Whole units for one whole unit, with six significant digits. Decimals are those of the given and the received asset.
 */
export function priceText({ given, got }: Ratio, [given10, got10]: readonly [number, number]): string {
  if (got === 0n) return 'without end'
  const scaled = (given * 10n ** BigInt(got10) * 10n ** 36n) / (got * 10n ** BigInt(given10))
  const digits = scaled.toString()
  const kept = digits.slice(0, 6).padEnd(digits.length, '0').padStart(37, '0')
  const whole = kept.slice(0, -36).replace(/\B(?=(\d{3})+$)/g, ',')
  const part = kept.slice(-36).replace(/0+$/, '')
  return part === '' ? whole : `${whole}.${part}`
}
