import type { Asset } from '../../model/block.ts'
import type { Fact, TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { AssetChange } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'

/** A half-open range of frames, for example the sub-tree of a call. */
export type Span = { from: number; to: number }

/** The transfers under some calls, in execution order. Time is proportional to these, not to the transaction. */
export function transfersIn(facts: readonly Fact[], span: Span): TransferFact[] {
  const sorted = byFrame(facts)
  const found: Placed[] = []
  for (let i = firstFrom(sorted, span.from); i < sorted.length; i++) {
    const placed = sorted[i]
    if (placed === undefined || placed.transfer.frame >= span.to) break
    found.push(placed)
  }
  return found.sort((a, b) => a.place - b.place).map(({ transfer }) => transfer)
}

/** `place` is the transfer's index among the facts: a call may pay after the calls that it made. */
type Placed = { transfer: TransferFact; place: number }

const sortedTransfers = new WeakMap<readonly Fact[], readonly Placed[]>()

function byFrame(facts: readonly Fact[]): readonly Placed[] {
  const known = sortedTransfers.get(facts)
  if (known !== undefined) return known
  const transfers = facts.flatMap((fact, place) =>
    fact.kind === 'transfer' ? [{ transfer: fact, place }] : [],
  )
  const sorted = transfers.sort((a, b) => a.transfer.frame - b.transfer.frame)
  sortedTransfers.set(facts, sorted)
  return sorted
}

function firstFrom(sorted: readonly Placed[], frame: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle]?.transfer.frame ?? 0) >= frame) high = middle
    else low = middle + 1
  }
  return low
}

/** Net change of a group of accounts over some transfers, by fungible asset and in base units; zeros left out. */
export function netOf(transfers: readonly TransferFact[], group: ReadonlySet<Address>): Map<Asset, bigint> {
  const net = new Map<Asset, bigint>()
  for (const { asset, amount, from, to, tokenId } of transfers) {
    if (tokenId !== null) continue
    const sign = (group.has(to) ? 1n : 0n) - (group.has(from) ? 1n : 0n)
    if (sign !== 0n) net.set(asset, (net.get(asset) ?? 0n) + sign * amount)
  }
  for (const [asset, amount] of net) if (amount === 0n) net.delete(asset)
  return net
}

/** The accounts' gains and losses over the whole transaction, without ids of non-fungible tokens in the asset. */
export function changesOf(
  tx: TransactionFacts,
  accounts: Iterable<Address>,
): { profit: AssetChange[]; loss: AssetChange[] } {
  const profit: AssetChange[] = []
  const loss: AssetChange[] = []
  for (const account of accounts) {
    for (const [key, amount] of tx.deltas.get(account) ?? []) {
      const asset = assetOfKey(key)
      if (amount > 0n) profit.push({ account, asset, amount })
      else loss.push({ account, asset, amount: -amount })
    }
  }
  return { profit, loss }
}

export function assetOfKey(key: string): Asset {
  return (key.includes('/') ? key.slice(0, key.indexOf('/')) : key) as Asset
}

/** True where the group gains something and gives nothing: trading never has this result. */
export function isPureGain(net: ReadonlyMap<Asset, bigint>): boolean {
  let gained = false
  for (const amount of net.values()) {
    if (amount < 0n) return false
    gained = true
  }
  return gained
}

export function mintedTo(transfers: readonly TransferFact[], group: ReadonlySet<Address>): TransferFact[] {
  return transfers.filter(
    (transfer) => transfer.from === ZERO_ADDRESS && group.has(transfer.to) && transfer.amount > 0n,
  )
}
