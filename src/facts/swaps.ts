import type { Asset } from '../model/block.ts'
import type { SwapFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import type { Visit, Visits } from './visits.ts'

/**
 * Swaps by shape, for any brand of pool: while contract P has control it sends out one asset, and takes in another,
 * either in the same visit (callback pools) or paid ahead of it (Uniswap v2 style). Assets issued by P itself are
 * shares, not trades. Liquidity changes move two assets the same way and are left out. `pools` has the contracts that
 * logged a trade in the form of a protocol.
 */
export function swapsByShape(visits: Visits, pools: ReadonlyMap<Address, string> | null): SwapFact[] {
  const swaps: SwapFact[] = []
  for (const visit of visits.byKey.values()) {
    const swap = swapOf(visit, pools?.get(visit.account) ?? null)
    if (swap !== undefined) swaps.push(swap)
  }
  return swaps.sort((a, b) => a.frame - b.frame)
}

function swapOf(visit: Visit, protocol: string | null): SwapFact | undefined {
  let bought: [Asset, bigint] | undefined
  let sold: [Asset, bigint] | undefined
  for (const [asset, amount] of visit.net) {
    if (amount === 0n || asset === visit.account) continue
    if (amount > 0n && bought === undefined) bought = [asset, amount]
    else if (amount < 0n && sold === undefined) sold = [asset, -amount]
    else return undefined
  }
  if (bought === undefined || sold === undefined) return undefined
  return {
    kind: 'swap',
    pool: visit.account,
    trader: visit.entry.from,
    assetIn: bought[0],
    amountIn: bought[1],
    assetOut: sold[0],
    amountOut: sold[1],
    protocol,
    frame: visit.entry.index,
  }
}
