import { type Asset, NATIVE } from '../model/block.ts'
import type { LossCompared } from '../model/containment.ts'
import type { AssetChange } from '../model/finding.ts'
import { type Address, ZERO_ADDRESS } from '../model/hex.ts'
import type { Movement } from './movements.ts'

/** Whose loss counts, and whose does not. */
export type Sides = {
  /** Protected contracts: what leaves them is lost, and so is what is minted of them out of nothing. */
  owned: readonly Address[]
  /** Sender and first contract of the attack. */
  attackers: readonly Address[]
}

/**
 * What a transaction takes: of each protected contract every asset that it has less of, and of everybody else what they gave
 * and got nothing at all for (approvals used, deposits emptied). A protected token that is minted is a loss of its holders,
 * under the token's own address. Base units, positive.
 */
export function lossesIn(movements: readonly Movement[], { owned, attackers }: Sides): AssetChange[] {
  const net = netOf(movements)
  const gainers = new Set<Address>()
  for (const { account, amount } of net) if (amount > 0n) gainers.add(account)
  const isOwned = (account: Address): boolean => owned.includes(account)
  const isBystander = (account: Address): boolean => !attackers.includes(account) && !gainers.has(account)
  return net.flatMap(({ account, asset, amount }): AssetChange[] => {
    if (amount >= 0n) return []
    if (account === ZERO_ADDRESS)
      return asset !== NATIVE && isOwned(asset) ? [{ account: asset, asset, amount: -amount }] : []
    return isOwned(account) || isBystander(account) ? [{ account, asset, amount: -amount }] : []
  })
}

type Net = { account: Address; asset: Asset; amount: bigint }

function netOf(movements: readonly Movement[]): Net[] {
  const net = new Map<string, Net>()
  const add = (account: Address, asset: Asset, amount: bigint): void => {
    const key = `${account}${asset}`
    const before = net.get(key)?.amount ?? 0n
    net.set(key, { account, asset, amount: before + amount })
  }
  for (const { from, to, asset, amount } of movements) {
    add(from, asset, -amount)
    add(to, asset, amount)
  }
  return [...net.values()]
}

/** Losses of one transaction without and with a lever pulled, side by side. */
export function compareLosses(
  without: readonly AssetChange[],
  withLever: readonly AssetChange[],
): LossCompared[] {
  const compared = new Map<string, LossCompared>()
  for (const { account, asset, amount } of without)
    compared.set(`${account}${asset}`, { account, asset, without: amount, with: 0n })
  for (const { account, asset, amount } of withLever) {
    const key = `${account}${asset}`
    const before = compared.get(key)?.without ?? 0n
    compared.set(key, { account, asset, without: before, with: amount })
  }
  return [...compared.values()]
}

/**
 * The largest share, 0 to 1, of what one asset of the protected contract loses that a lever saves; of others' losses where it
 * loses nothing itself.
 */
export function savedShare(compared: readonly LossCompared[], protects: Address): number {
  const lost = compared.filter(({ without }) => without > 0n)
  const own = lost.filter(({ account }) => account === protects)
  const shares = (own.length > 0 ? own : lost).map(({ without, with: left }) =>
    left >= without ? 0 : Number(((without - left) * 10_000n) / without) / 10_000,
  )
  return Math.max(0, ...shares)
}

/** A lever that saves less than one part in a hundred of every loss is no help. */
export const LEAST_SAVED = 0.01

export function isReduced(loss: LossCompared): boolean {
  return savedShare([loss], loss.account) >= LEAST_SAVED
}

/** Dust that rounding leaves does not make a loss: one part in a hundred of what is lost without the lever. */
export function isStopped(loss: LossCompared): boolean {
  return loss.with * 100n <= loss.without
}

/**
 * Whether a lever stops what it is for. Where the contract that it protects loses something, each of those losses has to
 * end; where others lose through it, one of theirs has to: what a helper of the attacker gives away beside it proves nothing.
 */
export function stopsLoss(compared: readonly LossCompared[], protects: Address): boolean {
  const lost = compared.filter(({ without }) => without > 0n)
  const own = compared.filter(({ account }) => account === protects)
  if (own.some(({ without }) => without > 0n)) return own.every(isStopped)
  return lost.some(isStopped)
}
