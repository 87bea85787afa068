import type { AddressLabel } from '../../model/address-label.ts'
import type { TransferFact } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import type { Cluster } from './clusters.ts'
import type { Placed } from './known.ts'

/**
 * The returned share of the taken amount, in basis points, from which it counts as a rescue; bounties are ten per cent.
 */
const RESCUE_BPS = 9_000n
const RESCUE_NAME = /white[ -]?hat|rescue|safe[ -]?harbou?r/i

export type ReturnsOptions = {
  /** Investigated and near ones, in chain order. */
  placed: readonly Placed[]
  victims: ReadonlySet<Address>
  /** The accounts that created the victims. */
  deployers: ReadonlySet<Address>
  labels: ReadonlyMap<Address, AddressLabel>
}

/** Whether a cluster returned the funds it took; `reasons` also if it returned too little to count. */
export type Returns = { isRescue: boolean; confidence: number; reasons: string[] }

/**
 * The funds that a cluster took from the victims and returned in other transactions: to a victim, to the deployer of
 * one, or to an address whose label says rescue. All taken assets count by the lowest returned share: returning dust,
 * or one asset of two, is not a rescue.
 */
export function returnsOf({ members, id }: Cluster, options: ReturnsOptions): Returns {
  const { placed, labels } = options
  const taken = new Map<string, bigint>()
  const returned = new Map<string, bigint>()
  const gifts: { fact: TransferFact; hash: string }[] = []
  let hasSold = false
  for (const { tx } of placed) {
    const gains = takenIn(tx.deltas, members, options.victims)
    for (const [asset, amount] of gains) add(taken, asset, amount)
    const { from: sender } = tx.transaction
    // other accounts' use of a widely used contract, and a payment for something, is not a gift
    if (gains.size > 0 || sender === null || !members.has(sender)) continue
    const isTrade = [...changesOf(tx.deltas, members).values()].some((amount) => amount > 0n)
    const out = tx.facts.flatMap((fact) =>
      fact.kind === 'transfer' && members.has(fact.from) && !members.has(fact.to) ? [fact] : [],
    )
    const back = isTrade ? [] : out.filter(({ to }) => isRescuer(to, options))
    hasSold ||= out.length > back.length && taken.size > 0
    for (const fact of back) {
      add(returned, keyOf(fact), fact.amount)
      gifts.push({ fact, hash: tx.transaction.hash })
    }
  }
  if (taken.size === 0) return { isRescue: false, confidence: 0, reasons: [] }
  const share = leastShare(taken, returned)
  const told = gifts
    .slice(0, 3)
    .map(({ fact, hash }) => `sent ${fact.amount} of ${fact.asset} to ${fact.to} in ${hash}`)
  if (share >= RESCUE_BPS)
    return {
      isRescue: true,
      confidence: 0.75,
      reasons: [`gave back ${percent(share)} of every asset that it took`, ...told],
    }
  const named = [id, ...members].map((member) => labels.get(member)).find((it) => isNamed(it))
  if (named !== undefined && !hasSold)
    return {
      isRescue: true,
      confidence: 0.6,
      reasons: [
        `${named.source} calls it “${named.name}”, and what it took has not moved as far as was read`,
        ...told,
      ],
    }
  return {
    isRescue: false,
    confidence: 0,
    reasons: gifts.length === 0 ? [] : [`gave back ${percent(share)} of what it took: no rescue`, ...told],
  }
}

/** asset key → the members' gain of it where a victim lost it, in one transaction. */
function takenIn(
  deltas: Placed['tx']['deltas'],
  members: ReadonlySet<Address>,
  victims: ReadonlySet<Address>,
): Map<string, bigint> {
  const gains = changesOf(deltas, members)
  const lost = new Set<string>()
  for (const [account, assets] of deltas)
    if (victims.has(account)) for (const [asset, amount] of assets) if (amount < 0n) lost.add(asset)
  for (const [asset, amount] of gains) if (amount <= 0n || !lost.has(asset)) gains.delete(asset)
  return gains
}

/** asset key → net change of all members together. */
function changesOf(deltas: Placed['tx']['deltas'], members: ReadonlySet<Address>): Map<string, bigint> {
  const changes = new Map<string, bigint>()
  for (const member of members)
    for (const [asset, amount] of deltas.get(member) ?? []) add(changes, asset, amount)
  return changes
}

function isRescuer(address: Address, { victims, deployers, labels }: ReturnsOptions): boolean {
  return victims.has(address) || deployers.has(address) || isNamed(labels.get(address))
}

function isNamed(label: AddressLabel | undefined): boolean {
  return label !== undefined && RESCUE_NAME.test(label.name)
}

function leastShare(taken: ReadonlyMap<string, bigint>, returned: ReadonlyMap<string, bigint>): bigint {
  let least = 10_000n
  for (const [asset, amount] of taken) {
    const share = ((returned.get(asset) ?? 0n) * 10_000n) / amount
    if (share < least) least = share
  }
  return least
}

function keyOf({ asset, tokenId }: TransferFact): string {
  return tokenId === null ? asset : `${asset}/${tokenId}`
}

function percent(bps: bigint): string {
  return `${bps / 100n}.${(bps % 100n).toString().padStart(2, '0')} %`
}

function add(sums: Map<string, bigint>, key: string, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount)
}
