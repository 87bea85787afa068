import type { Detector, DetectorInput } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { type Claim, findingFrom } from '../../lib/claims.ts'
import type { ConfidenceOptions } from '../../lib/per-transaction.ts'
import { confidenceOptions, perTransaction } from '../../lib/per-transaction.ts'
import { initialisedLate } from './initialisers.ts'
import { lookAt } from './look.ts'
import { grantedToActors, plantedDependency, selfAppointed, strangersBurned } from './takeovers.ts'

/**
 * Control takeover: in one transaction the actors gain control that is not theirs, and use it. Either they receive an
 * owner or role and the contract pays out; or they initialise a protected contract that existed already; or a contract is made to rely on a contract that they have just created; or
 * they name themselves in a set-up call and the contract pays out; or they destroy a stranger's assets. Scheduled
 * upgrades and hand-overs change control without any payment; deployments concern new contracts.
 */
export const controlTakeover: Detector = perTransaction({
  id: 'control-takeover',
  title: 'Control over a contract was taken and used',
  options: confidenceOptions,
  evaluate,
})

/** All rules but one end with a payment to the actors or with destroyed assets: this check rejects most transactions. */
function pays({ facts }: TransactionFacts, actors: ReadonlySet<Address>): boolean {
  return facts.some(
    (fact) =>
      fact.kind === 'transfer' &&
      ((actors.has(fact.to) && !actors.has(fact.from)) || fact.to === ZERO_ADDRESS),
  )
}

function evaluate(
  tx: TransactionFacts,
  { facts, scope }: DetectorInput,
  options: ConfidenceOptions,
): Finding[] {
  if (tx.transaction.succeeded === false) return []
  const actors = actorCluster(tx, scope)
  const isNamed = scope.kind === 'contracts'
  const canPay = tx.transaction.frames.length > 1 && pays(tx, actors)
  if (!isNamed && !canPay) return []
  const look = lookAt(tx, actors, scope)
  // Among all the contracts of a chain, some regularly pay accounts that were just set; among the named ones that is
  // unusual.
  const discount = isNamed ? 0 : 0.15
  const takeovers = (): Claim[] => [
    ...grantedToActors(look),
    ...plantedDependency(look),
    ...selfAppointed(look).map((claim) => ({ ...claim, confidence: claim.confidence - discount })),
    ...strangersBurned(look),
  ]
  const claims = [...(isNamed ? initialisedLate(look) : []), ...(canPay ? takeovers() : [])].filter(
    ({ confidence }) => confidence >= options.minConfidence,
  )
  return findingFrom(claims, { detector: 'control-takeover', tx, actors, scope, bundle: facts.bundle })
}
