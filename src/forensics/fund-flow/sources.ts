import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { FlowSource } from '../../model/fund-flow.ts'
import { assetOf } from './key.ts'

/**
 * What the victims of findings lost in a transaction, net; where no transfer shows a loss of theirs, what the findings
 * say was lost.
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
