import type { ActionFact, TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'

/** The increase in confidence when the attack was financed with a loan, and its limit. */
const SURER = 0.05
const SUREST = 0.97

/**
 * A finding with a victim that lost, in a transaction that borrowed and repaid in full: the loan becomes evidence and
 * slightly raises the confidence. Never a finding on its own, and never a higher severity: arbitrage, liquidation and
 * refinancing borrow too.
 */
export function withFlashLoans(finding: Finding, { facts }: TransactionFacts): Finding {
  if (finding.loss.length === 0) return finding
  const actors = new Set(finding.actors)
  const loans = facts.filter(
    (it): it is ActionFact =>
      it.kind === 'action' &&
      it.action === 'flash-loan' &&
      isReturned(it) &&
      [it.actor, it.beneficiary].some((one) => one !== null && actors.has(one)),
  )
  const seen = new Set<string>()
  const evidence = loans.flatMap(({ contract, taken, frame }) =>
    taken.flatMap(({ asset, amount }) => {
      const statement = `funded by a flash loan of ${amount} of ${asset ?? 'an unnamed asset'} from ${contract}`
      if (seen.has(statement) || seen.size >= MOST_LOANS) return []
      seen.add(statement)
      return [{ statement, frames: frame >= 0 ? [frame] : [], amounts: [] }]
    }),
  )
  if (evidence.length === 0) return finding
  return {
    ...finding,
    confidence: Math.max(finding.confidence, Math.min(SUREST, finding.confidence + SURER)),
    evidence: [...finding.evidence, ...evidence],
  }
}

const MOST_LOANS = 4

/** The repayment is recorded, or (for a log of the lender) the lender would have reverted without it. */
function isReturned({ taken, given, source }: ActionFact): boolean {
  if (given.length === 0) return source === 'log'
  return taken.every(({ asset, amount }) => given.some((it) => it.asset === asset && it.amount >= amount))
}
