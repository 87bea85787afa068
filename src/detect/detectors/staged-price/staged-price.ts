import type { Detector, DetectorInput } from '../../../model/detector.ts'
import { isNamed } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { actorCluster } from '../../lib/actors.ts'
import { noteBirths } from '../../lib/births.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { changesOf } from '../../lib/flows.ts'
import { type Deal, dealsOf } from './deals.ts'
import { noteKin } from './kin.ts'
import { learn, pricesWanted, takePrices } from './learn.ts'
import { copyState, noState, type State } from './memory.ts'
import { type StagedPriceOptions, stagedPriceOptions } from './options.ts'

/**
 * A price that is moved in one transaction and dealt on in another: a party trades with a pool whose price protected
 * contracts ask for, and is then paid by one of them that asked, while the price is far from its value before those
 * trades and from its usual value, and most of what moved it is the party's. A party is a sender, its contracts,
 * accounts that began with its coin, and those that got from it the assets they deal with.
 */
export const stagedPrice: Detector<State, StagedPriceOptions> = {
  id: 'staged-price',
  title: 'A price was moved in one transaction and dealt on in another by the same party',
  layer: 'pattern',
  needs: ['traces'],
  yieldsToMev: true,
  yieldsToOwners: true,
  options: stagedPriceOptions,
  reads: (_options, state, scope) => (scope.kind === 'everything' ? [] : pricesWanted(state)),
  init: noState,
  stateVersion: 1,
  snapshot: copyState,
  evaluate(input, state, options) {
    if (input.scope.kind !== 'contracts') return []
    const findings = input.facts.transactions.flatMap((tx) => evaluate(tx, { input, state, options }))
    state.blocks++
    takePrices(state, input.facts)
    return findings
  },
}

type Work = { input: DetectorInput; state: State; options: StagedPriceOptions }

function evaluate(tx: TransactionFacts, { input, state, options }: Work): Finding[] {
  const { scope, facts } = input
  state.transactions++
  noteBirths(tx, state.births, scope)
  noteKin(tx, state.kin)
  const at = facts.bundle.timestamp ?? state.blocks * BLOCK_SECONDS
  const deals = dealsOf(tx, { scope, state, at, options })
  learn(tx, { scope, state, at, window: options.windowSeconds })
  const worst = deals.sort((a, b) => b.confidence - a.confidence)[0]
  return worst === undefined ? [] : [findingOf(worst, deals, { tx, input })]
}

/** Used where blocks have no time. */
const BLOCK_SECONDS = 12
const MOST_EVIDENCE = 8

function findingOf(
  worst: Deal,
  all: readonly Deal[],
  { tx, input: { scope, facts } }: { tx: TransactionFacts; input: DetectorInput },
): Finding {
  const actors = new Set([...actorCluster(tx, scope), worst.head])
  const victims = [...new Set(all.map(({ victim }) => victim))]
  return buildFinding(tx, facts.bundle, {
    detector: 'staged-price',
    severity: worst.confidence >= 0.85 ? 'critical' : worst.confidence >= 0.65 ? 'high' : 'medium',
    confidence: worst.confidence,
    categories: ['price-manipulation'],
    protected: victims.filter((victim) => isNamed(scope, victim)),
    victims,
    actors: [...actors],
    profit: changesOf(tx, actors).profit,
    loss: changesOf(tx, victims).loss,
    evidence: all.slice(0, MOST_EVIDENCE).map(({ statement, frames, paid }) => ({
      statement,
      frames,
      amounts: paid.slice(0, MOST_EVIDENCE).map(({ to, asset, amount }) => ({ account: to, asset, amount })),
    })),
    message: `${worst.statement}.`,
  })
}
