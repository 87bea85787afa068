import type { AssetChange, Finding } from '../../../model/finding.ts'
import { atLeast } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import type { Taken } from '../../lib/question.ts'

/** A loss and the part of it that was the takers' own; `balance` is the contract's balance before, if known. */
export type Weighed = { taken: Taken; covered: bigint; balance: bigint | null }

/** True where only the takers' own money left. */
export function isOwn(weighed: readonly Weighed[]): boolean {
  return weighed.length > 0 && weighed.every(({ taken, covered }) => covered >= taken.amount)
}

/**
 * A finding about takers who took no more than their own: recorded for people to review, and too low to act on. `first`
 * is false where another finding about the transaction states this already: two remarks must not add up to an alarm.
 */
export function lowered(
  finding: Finding,
  weighed: readonly Weighed[],
  { first, source }: { first: boolean; source: string },
): Finding {
  const most = first ? 'medium' : 'low'
  const statements = weighed.map(
    ({ taken: { amount, asset, contract } }) =>
      `the takers took ${amount} of ${asset} from ${contract} and no more than was their own before, as ${source}: nobody else lost by it`,
  )
  return {
    ...finding,
    severity: atLeast(finding.severity, most) ? most : finding.severity,
    confidence: finding.confidence / 2,
    evidence: [
      ...finding.evidence,
      ...statements.map((statement) => ({ statement, frames: [], amounts: [] })),
    ],
    message: `${finding.message} Not acted on: the takers only took back their own funds.`,
  }
}

/**
 * A finding about a loss whose only source is a token that the contract never called: recorded only, and without
 * actors, because the token is not trusted for those either; names only the sender, `by`.
 */
export function disbelieved(finding: Finding, by: Address | null): Finding {
  return {
    ...finding,
    actors: finding.actors.filter((account) => account === by),
    profit: [],
    loss: [],
    severity: atLeast(finding.severity, 'medium') ? 'medium' : finding.severity,
    confidence: finding.confidence / 2,
    message: `${finding.message} Not acted on: only tokens that the contract never called report this.`,
  }
}

/** A finding about takers who took more than their own, with the excess: the excess is the loss. */
export function withExcess(finding: Finding, weighed: readonly Weighed[]): Finding {
  const evidence = weighed.flatMap(({ taken, covered, balance }) => {
    const excess = taken.amount - covered
    if (excess <= 0n) return []
    const { asset, contract, amount } = taken
    const share =
      balance === null || balance <= 0n ? '' : `, ${percent(excess, balance)} of the contract’s balance`
    const loss: AssetChange = { account: contract, asset, amount: excess }
    const statement = `${amount} of ${asset} left ${contract}; ${covered} of it was the takers’ own before, ${excess} more was not${share}`
    return [{ statement, frames: [], amounts: [loss] }]
  })
  return evidence.length === 0 ? finding : { ...finding, evidence: [...finding.evidence, ...evidence] }
}

function percent(part: bigint, whole: bigint): string {
  const tenths = Number((part * 1000n) / whole)
  return `${(Math.min(tenths, 1000) / 10).toFixed(1)} %`
}
