import type { BlockBundle } from '../../model/block.ts'
import type { Category } from '../../model/category.ts'
import type { Scope } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { AssetChange, Finding, Severity } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { buildFinding } from './build-finding.ts'
import { changesOf } from './flows.ts'

/** A rule's claim against a transaction, before it is combined with the others of the same rule. */
export type Claim = {
  /** The contract that was abused; it comes first among the victims. */
  contract: Address
  victims: readonly Address[]
  /** 0 to 1 */
  confidence: number
  /** Most likely first. */
  categories: readonly Category[]
  statement: string
  frames: readonly number[]
  amounts?: readonly AssetChange[]
}

export type ClaimContext = {
  detector: string
  tx: TransactionFacts
  actors: ReadonlySet<Address>
  scope: Scope
  bundle: BlockBundle
  /** The maximum severity, whatever the confidence: set by a rule that must not page. */
  most?: Severity
}

const MOST_EVIDENCE = 8

/** Combines the claims of one rule about one transaction into at most one Finding, led by the most certain. */
export function findingFrom(claims: readonly Claim[], context: ClaimContext): Finding[] {
  const sorted = [...claims].sort((a, b) => b.confidence - a.confidence)
  const worst = sorted[0]
  if (worst === undefined) return []
  const { detector, tx, actors, scope, bundle, most } = context
  const victims = [...new Set(sorted.flatMap((claim) => [claim.contract, ...claim.victims]))]
  return [
    buildFinding(tx, bundle, {
      detector,
      severity: most ?? severityOf(worst.confidence),
      confidence: worst.confidence,
      categories: [...worst.categories],
      protected: scope.kind === 'contracts' ? victims.filter((victim) => scope.addresses.has(victim)) : [],
      victims,
      actors: [...actors],
      profit: changesOf(tx, actors).profit,
      loss: changesOf(tx, victims).loss,
      evidence: sorted.slice(0, MOST_EVIDENCE).map(({ statement, frames, amounts = [] }) => ({
        statement,
        frames: frames.filter((frame) => frame >= 0),
        amounts: amounts.slice(0, MOST_EVIDENCE),
      })),
      message: worst.statement,
    }),
  ]
}

function severityOf(confidence: number): Severity {
  if (confidence >= 0.85) return 'critical'
  return confidence >= 0.65 ? 'high' : 'medium'
}
