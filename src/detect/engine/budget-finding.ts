import type { BlockBundle } from '../../model/block.ts'
import { categories } from '../../model/category.ts'
import type { Scope } from '../../model/detector.ts'
import type { Finding } from '../../model/finding.ts'
import { buildFinding } from '../lib/build-finding.ts'

export type BrokenBudget = {
  detector: string
  /** Surprise of the newest point, decades. */
  decades: number
  /** The configured average of days between false alarms. */
  askedDays: number
  scope: Scope
}

/** The finding where the evidence of several points of a detector’s series exceeds a budget of days between pages. */
export function budgetFinding(bundle: BlockBundle, broken: BrokenBudget): Finding {
  const { detector, decades, askedDays, scope } = broken
  const watched = scope.kind === 'contracts' ? [...scope.addresses] : []
  const statement = `the series of ${detector} were surprising for several points on end, the newest 1 in 10^${decades.toFixed(1)}: by chance at most once in ${askedDays} days on average`
  return buildFinding(null, bundle, {
    detector,
    severity: 'high',
    confidence: 0.85,
    categories: [categories.find((category) => category === detector) ?? 'activity'],
    protected: watched,
    victims: watched,
    actors: [],
    profit: [],
    loss: [],
    evidence: [{ statement, frames: [], amounts: [] }],
    message: `Protected contracts are used as never before: ${statement}.`,
  })
}
