import { z } from 'zod'
import type { Detector, DetectorInput, Scope } from '../../model/detector.ts'
import { inScope } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { actorCluster } from '../actors.ts'
import { buildFinding } from '../build-finding.ts'
import { changesOf } from '../flows.ts'
import type { Takeover } from './takeovers.ts'
import { grantedToActors, plantedDependency, selfAppointed, strangersBurned } from './takeovers.ts'

const options = z.strictObject({
  /** Confidence below which nothing is said. */
  minConfidence: z.number().min(0).max(1).default(0.5),
})
type Options = z.infer<typeof options>

/**
 * Control takeover: in one transaction the actors gain control they had no business to have, and use it: an owner or
 * role is given to them and the contract pays out; a contract is told to rely on one that they have just made; they
 * name themselves in a set-up call and the contract pays out; they destroy what belongs to a stranger.
 * Scheduled upgrades and hand-overs change control and pay nobody; deployments concern contracts that are new.
 */
export const controlTakeover: Detector<null, Options> = {
  id: 'control-takeover',
  title: 'Control over a contract was taken and used',
  needs: ['traces'],
  options,
  init: () => null,
  snapshot: () => null,
  evaluate: (input, _state, options) =>
    input.facts.transactions.flatMap((tx) => evaluate(tx, input, options)),
}

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput, options: Options): Finding[] {
  if (tx.transaction.succeeded === false || tx.transaction.frames.length < 2) return []
  const actors = actorCluster(tx, scope)
  const takeovers = [
    ...grantedToActors(tx, actors),
    ...plantedDependency(tx, actors),
    // Among all the contracts of a chain some pay whom they were just told of; among the named ones that is news.
    ...selfAppointed(tx, actors).map((item) => ({
      ...item,
      confidence: item.confidence - (scope.kind === 'everything' ? 0.15 : 0),
    })),
    ...strangersBurned(tx, actors),
  ]
    .filter(({ contract, confidence }) => inScope(scope, contract) && confidence >= options.minConfidence)
    .sort((a, b) => b.confidence - a.confidence)
  const worst = takeovers[0]
  if (worst === undefined) return []
  const victims = [...new Set(takeovers.flatMap((item) => [item.contract, ...item.victims]))]
  return [
    buildFinding(tx, facts.bundle, {
      detector: 'control-takeover',
      severity: worst.confidence >= 0.85 ? 'critical' : worst.confidence >= 0.65 ? 'high' : 'medium',
      confidence: worst.confidence,
      categories: ['access-control'],
      protected: protectedOf(scope, victims),
      victims,
      actors: [...actors],
      profit: changesOf(tx, actors).profit,
      loss: changesOf(tx, victims).loss,
      evidence: takeovers
        .slice(0, 8)
        .map(({ statement, frames }: Takeover) => ({ statement, frames, amounts: [] })),
      message: worst.statement,
    }),
  ]
}

function protectedOf(scope: Scope, victims: readonly Address[]): Address[] {
  return scope.kind === 'contracts' ? victims.filter((victim) => scope.addresses.has(victim)) : []
}
