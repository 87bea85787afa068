import type { Scope } from '../../../model/detector.ts'
import type { BlockFacts, TransactionFacts } from '../../../model/fact.ts'
import type { Finding, Severity } from '../../../model/finding.ts'
import { atLeast } from '../../../model/finding.ts'
import type { Hash } from '../../../model/hex.ts'
import { withFlashLoans } from './flash-loan.ts'
import { looksLikeMev, type Mev } from './mev.ts'

/** A finding, and whether its detector declares that searcher activity resembles what it detects. */
export type Said = { finding: Finding; yieldsToMev: boolean }

/**
 * The effect of the rest of the transaction on its findings: half the confidence where it looks like arbitrage, a
 * sandwich or a liquidation (and none at all where protected contracts lost nothing by it); slightly more where it was
 * financed with a flash loan.
 */
export function reweigh(said: readonly Said[], { transactions }: BlockFacts, scope: Scope): Finding[] {
  if (said.length === 0) return []
  const byHash = new Map<Hash, TransactionFacts>(transactions.map((tx) => [tx.transaction.hash, tx]))
  return said.flatMap(({ finding, yieldsToMev }) => {
    const tx = finding.transactionHash === null ? undefined : byHash.get(finding.transactionHash)
    if (tx === undefined) return [finding]
    const mev = yieldsToMev ? looksLikeMev(tx, { scope, block: transactions }) : null
    if (mev === null) return [withFlashLoans(finding, tx)]
    return lostNothing(finding, tx) ? [] : [halved(finding, mev)]
  })
}

/** It involves protected contracts, and none of them has less of anything. */
function lostNothing(finding: Finding, { deltas }: TransactionFacts): boolean {
  if (finding.protected.length === 0) return false
  return finding.protected.every((it) =>
    [...(deltas.get(it)?.values() ?? [])].every((amount) => amount >= 0n),
  )
}

function halved(finding: Finding, mev: Mev): Finding {
  const confidence = finding.confidence / 2
  return {
    ...finding,
    confidence,
    severity: quieter(finding.severity, confidence),
    evidence: [
      ...finding.evidence,
      { statement: `the transaction looks like ${NAMES[mev]}: half as sure`, frames: [], amounts: [] },
    ],
  }
}

const NAMES: Readonly<Record<Mev, string>> = {
  arbitrage: 'an arbitrage cycle',
  sandwich: 'part of a sandwich',
  liquidation: 'the liquidation of a stranger',
}

function quieter(severity: Severity, confidence: number): Severity {
  const most = confidence < 0.45 ? 'low' : 'medium'
  return atLeast(severity, most) ? most : severity
}
