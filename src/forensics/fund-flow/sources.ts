import type { Asset } from '../../model/block.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { FlowSource } from '../../model/fund-flow.ts'
import type { Address } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import { type AssetKey, assetOf, keyOf } from './key.ts'

/** The losers of an investigation, with their lost assets: over all its transactions, net. */
export type Losers = ReadonlyMap<Address, ReadonlySet<AssetKey>>

/** The assets that an investigation counts as stolen; losses that only balance reads show cannot be followed. */
export function losersOf(victims: Investigation['victims']): Losers {
  return new Map(
    victims.map(({ address, loss }) => [
      address,
      new Set(loss.filter(({ by }) => by === undefined).map((item) => keyOf(item))),
    ]),
  )
}

/**
 * The amounts that the losers of an investigation lost in one of its transactions. If it shows no loser with a loss
 * that can be followed, the amounts from the findings.
 */
export function stolenIn(tx: TransactionFacts, losers: Losers, findings: readonly Finding[]): FlowSource[] {
  const isKnown = [...losers.values()].some((keys) => keys.size > 0)
  if (!isKnown) return sourcesOf(tx, findings)
  return [...losers].flatMap(([account, keys]) =>
    [...keys].flatMap((key): FlowSource[] => {
      const amount = tx.deltas.get(account)?.get(key as Asset) ?? 0n
      return amount < 0n ? [{ account, ...assetOf(key), amount: -amount }] : []
    }),
  )
}

/**
 * The amounts that the victims of findings lost in a transaction, net; if no transfer shows such a loss, the amounts
 * that the findings report.
 */
export function sourcesOf(tx: TransactionFacts, findings: readonly Finding[]): FlowSource[] {
  const about = findings.filter(({ transactionHash }) => transactionHash === tx.transaction.hash)
  const victims = new Set(about.flatMap((finding) => finding.victims))
  const lost = [...victims].flatMap((account) =>
    [...(tx.deltas.get(account) ?? [])].flatMap(([key, amount]): FlowSource[] =>
      amount < 0n ? [{ account, ...assetOf(key), amount: -amount }] : [],
    ),
  )
  if (lost.length > 0) return lost
  const told = new Map<string, FlowSource>()
  for (const { loss } of about)
    for (const { account, asset, amount } of loss) {
      const known = told.get(account + asset)
      if (known === undefined || known.amount < amount)
        told.set(account + asset, { account, asset, tokenId: null, amount })
    }
  return [...told.values()]
}
