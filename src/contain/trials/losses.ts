import { type Asset, NATIVE } from '../../model/block.ts'
import type { LossCompared } from '../../model/containment.ts'
import type { AssetChange } from '../../model/finding.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import type { Movement } from './movements.ts'

/** The accounts whose losses count, and those whose losses do not. */
export type Sides = {
  /** Protected contracts: assets that leave them are lost, and so are unbacked mints of theirs. */
  owned: readonly Address[]
  /** Sender and first contract of the attack. */
  attackers: readonly Address[]
}

/**
 * The losses from a transaction: for each protected contract every asset that it has less of, and for all others what
 * they gave without any return (approvals used, deposits emptied). A protected token that is minted is a loss of its
 * holders, under the token's own address. Base units, positive.
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

/** Losses of one transaction without and with a lever pulled, compared. */
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
 * The largest share, 0 to 1, that a lever saves of one asset's loss of the protected contract; of others' losses where
 * the contract itself loses nothing.
 */
export function savedShare(compared: readonly LossCompared[], protects: Address): number {
  const lost = compared.filter(({ without }) => without > 0n)
  const own = lost.filter(({ account }) => account === protects)
  const shares = (own.length > 0 ? own : lost).map(({ without, with: left }) =>
    left >= without ? 0 : Number(((without - left) * 10_000n) / without) / 10_000,
  )
  return Math.max(0, ...shares)
}

/** A lever that saves less than one percent of every loss does not help. */
export const LEAST_SAVED = 0.01

export function isReduced(loss: LossCompared): boolean {
  return savedShare([loss], loss.account) >= LEAST_SAVED
}

/** Dust from rounding is not a loss: one percent of the loss without the lever. */
export function isStopped(loss: LossCompared): boolean {
  return loss.with * 100n <= loss.without
}

/**
 * Whether a lever stops the loss that it is for. Where the contract that it protects loses something, each of those
 * losses must end; where others lose through it, one of theirs must end: what an attacker's helper gives away at the
 * same time proves nothing.
 */
export function stopsLoss(compared: readonly LossCompared[], protects: Address): boolean {
  const lost = compared.filter(({ without }) => without > 0n)
  const own = compared.filter(({ account }) => account === protects)
  if (own.some(({ without }) => without > 0n)) return own.every(isStopped)
  return lost.some(isStopped)
}
