import { NATIVE } from '../../model/block.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { OWN } from './crossings.ts'
import type { Acting, Movement } from './movements.ts'
import type { Worth } from './worth.ts'

/** account → dollars, for ranking. */
export type Weights = Map<Address, number>

/**
 * Dollars that each stranger lost. A token that an account has burned is a claim on it that ended, and one that it has minted is a
 * new one: both count for the account that asked the token for it.
 */
export function lossesOf({ tx, side, ledger }: Acting, worth: Worth): Weights {
  const net = new Map<Address, number>()
  const add = (account: Address, asset: string, amount: bigint): void => {
    const price = worth.get(asset)
    if (price !== undefined) net.set(account, (net.get(account) ?? 0) + price * Number(amount))
  }
  for (const [account, assets] of ledger.net)
    for (const [asset, amount] of assets) add(account, asset, amount)
  const { frames } = tx.transaction
  for (const { asset, from, to, amount, frame } of ledger.transfers) {
    if ((from === ZERO_ADDRESS) === (to === ZERO_ADDRESS) || asset === NATIVE || ledger.wrappers.has(asset))
      continue
    const caller = frames[frames[frame]?.parent ?? -1]?.context ?? null
    const issuer = caller === null || side.has(caller) || caller === from ? asset : caller
    add(issuer, asset, to === ZERO_ADDRESS ? amount : -amount)
  }
  const losses: Weights = new Map()
  for (const [account, value] of net)
    if (value < 0 && !side.has(account) && account !== ZERO_ADDRESS && !ledger.wrappers.has(account))
      losses.set(account, -value)
  return losses
}

/** Dollars that the side took by the functions of a stranger more than it gave. */
export type Taking = {
  value: number
  /** The selector of the call by which most was taken; empty where the side moved it itself. */
  selector: string
  /** The first frame by which something was taken. */
  first: number
}

/**
 * The takings by stranger. Trades with pools through a router are left out: the gain or loss of the pool itself shows them, and the
 * router has no part in it.
 */
export function takingsOf(
  movements: readonly Movement[],
  { tx, ledger }: Acting,
  worth: Worth,
): { takings: Map<Address, Taking>; routers: ReadonlySet<Address> } {
  const routed = routedIn(movements, tx, (asset) => (ledger.wrappers.has(asset) ? NATIVE : asset))
  const { frames } = tx.transaction
  const takings = new Map<Address, Taking & { most: number }>()
  for (const { by, other, asset, amount, crossing } of movements) {
    if (
      ledger.wrappers.has(by) ||
      routed.crossings.has(crossing) ||
      (other !== by && routed.pools.has(other))
    )
      continue
    const value = Number(amount) * (worth.get(asset) ?? 0)
    const known = takings.get(by) ?? { value: 0, selector: '', first: Number.MAX_SAFE_INTEGER, most: 0 }
    takings.set(by, known)
    known.value += value
    if (value <= 0) continue
    if (crossing !== OWN) known.first = Math.min(known.first, crossing)
    if (value <= known.most) continue
    known.most = value
    known.selector = frames[crossing]?.input.slice(0, 10) ?? ''
  }
  for (const [account, { value }] of takings) if (!(value > 0)) takings.delete(account)
  return {
    takings,
    routers: new Set([...routed.crossings].flatMap((crossing) => frames[crossing]?.context ?? [])),
  }
}

type Routed = { crossings: ReadonlySet<number>; pools: ReadonlySet<Address> }

/** Swaps that are looked at inside one call of the side. */
const MOST_SWAPS = 64

/** Calls by which the side sold one asset and bought another, where pools other than the callee bought the one and sold the other. */
function routedIn(
  movements: readonly Movement[],
  { facts, transaction: { frames } }: Acting['tx'],
  one: (asset: string) => string,
): Routed {
  const swaps = facts.filter((fact) => fact.kind === 'swap').sort((a, b) => a.frame - b.frame)
  const net = new Map<number, Map<string, bigint>>()
  for (const { crossing, asset, amount } of movements) {
    const assets = net.get(crossing) ?? new Map<string, bigint>()
    net.set(crossing, assets.set(asset, (assets.get(asset) ?? 0n) + amount))
  }
  const starts = swaps.map(({ frame }) => frame)
  const routed = new Set<number>()
  for (const [crossing, assets] of net) {
    const at = frames[crossing]
    if (at === undefined || assets.size < 2) continue
    const first = lowerBound(starts, at.index)
    const inside = swaps
      .slice(first, first + MOST_SWAPS)
      .filter(({ frame, pool }) => frame < at.end && pool !== at.context)
    const [bought, sold] = [new Set<string>(), new Set<string>()]
    for (const { assetIn, assetOut } of inside) {
      bought.add(one(assetIn))
      sold.add(one(assetOut))
    }
    const isRouted = [...assets].every(
      ([asset, amount]) => amount === 0n || (amount < 0n ? bought : sold).has(asset),
    )
    if (inside.length > 0 && isRouted) routed.add(crossing)
  }
  return { crossings: routed, pools: new Set(swaps.map(({ pool }) => pool)) }
}

/** The first position in ascending numbers that is not below a limit. */
function lowerBound(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? 0) < limit) low = middle + 1
    else high = middle
  }
  return low
}

/** Each weight as a part of all; empty where there are none. */
export function sharesOf(weights: Weights): Weights {
  let total = 0
  for (const weight of weights.values()) total += weight
  if (!(total > 0) || !Number.isFinite(total)) return new Map()
  return new Map([...weights].map(([account, weight]) => [account, weight / total]))
}
