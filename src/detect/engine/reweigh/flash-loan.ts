import type { ActionFact, TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'

/** How much surer a rule is when the attack was paid for with a loan, and never surer than this. */
const SURER = 0.05
const SUREST = 0.97

/**
 * A finding with a victim that lost, in a transaction that borrowed and gave back in full: the loan becomes evidence and
 * the rule a little surer. Never a finding by itself, and never louder: arbitrage, liquidation and refinancing borrow too.
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

/** What was given back is told, or (a log of the lender) the lender would have refused otherwise. */
function isReturned({ taken, given, source }: ActionFact): boolean {
  if (given.length === 0) return source === 'log'
  return taken.every(({ asset, amount }) => given.some((it) => it.asset === asset && it.amount >= amount))
}
