import type { BlockBundle, Frame } from '../../../model/block.ts'
import type { Detector, DetectorInput, Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { SwapFact, TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { changesOf, transfersIn } from '../../lib/flows.ts'
import { gainsOnly } from '../../lib/parties.ts'
import type { ConfidenceOptions } from '../../lib/per-transaction.ts'
import { confidenceOptions, perTransaction } from '../../lib/per-transaction.ts'
import type { Looks, Manipulation, Valuation } from './round-trips.ts'
import { manipulations, valuationsBetween } from './round-trips.ts'

/**
 * Price manipulation: in one transaction the actors push a pool's price, a victim values something by that pool and
 * pays out or mints on it, and (mostly) the actors push the price back. Direction, not magnitude. Arbitrage trades
 * through several pools and values nothing; a victim is a contract that *acts* on the price in between.
 */
export const priceManipulation: Detector = perTransaction({
  id: 'price-manipulation',
  title: 'A price was moved around somebody’s valuation',
  yieldsToOwners: true,
  options: confidenceOptions,
  yieldsToMev: true,
  evaluate,
})

type Verdict = {
  manipulation: Manipulation
  valuation: Valuation
  paid: TransferFact[]
  confidence: number
  reasons: string[]
}

function evaluate(
  tx: TransactionFacts,
  { facts, scope }: DetectorInput,
  options: ConfidenceOptions,
): Finding[] {
  const swaps = tx.facts.filter((fact): fact is SwapFact => fact.kind === 'swap')
  if (swaps.length === 0 || !tx.facts.some((fact) => fact.kind === 'valuation')) return []
  const actors = actorCluster(tx, scope)
  const looks: Looks = new Map()
  const verdicts = manipulations(swaps)
    .flatMap((manipulation) =>
      valuationsBetween(manipulation, { tx, actors, looks }).map((valuation) =>
        judge({ manipulation, valuation }, tx, actors),
      ),
    )
    .filter((verdict) => verdict !== undefined)
    .filter(
      ({ valuation, confidence }) => inScope(scope, valuation.victim) && confidence >= options.minConfidence,
    )
    .sort((a, b) => b.confidence - a.confidence)
  const best = verdicts[0]
  return best === undefined ? [] : [findingOf(best, verdicts, { tx, actors, scope, bundle: facts.bundle })]
}

type Pair = { manipulation: Manipulation; valuation: Valuation }

/** A victim pays out or mints between push and pull, in the call that read the price; otherwise there is no harm. */
function judge(pair: Pair, tx: TransactionFacts, actors: ReadonlySet<Address>): Verdict | undefined {
  const { manipulation, valuation } = pair
  const { frame, victim } = valuation
  // A contract that makes the push trades; one that makes only the way back may be a victim that unwinds at the moved
  // price, but then the actors must end richer: selling again through the same router is not an attack.
  if (isInside(manipulation.push, frame)) return undefined
  if (manipulation.pull !== null && isInside(manipulation.pull, frame) && !gainsOnly(tx, actors))
    return undefined
  const moved = transfersIn(tx.facts, { from: frame.index, to: frame.end })
  const paid = moved.filter(
    ({ from, to, amount }) =>
      actors.has(to) && !actors.has(from) && from !== manipulation.pool && amount > 0n,
  )
  if (paid.length === 0) return undefined
  const reasons = [`${victim} paid ${paid.length === 1 ? 'once' : `${paid.length} times`} on the moved price`]
  let confidence = 0.35
  if (manipulation.pull !== null) {
    confidence += 0.25
    reasons.push('the price was moved back afterwards on the same pool')
  }
  if (paid.some((move) => move.from !== ZERO_ADDRESS)) confidence += 0.1
  if (gainsOnly(tx, actors)) {
    confidence += 0.2
    reasons.push('the actors end richer and poorer in nothing')
  }
  if (isSameSide(manipulation.push.trader, actors)) confidence += 0.05
  return { ...pair, paid, confidence: Math.min(0.97, confidence), reasons }
}

function isInside(swap: SwapFact, frame: Frame): boolean {
  return swap.frame >= frame.index && swap.frame < frame.end
}

function isSameSide(trader: Address | null, actors: ReadonlySet<Address>): boolean {
  return trader !== null && actors.has(trader)
}

type Context = { tx: TransactionFacts; actors: ReadonlySet<Address>; scope: Scope; bundle: BlockBundle }

function findingOf(best: Verdict, all: readonly Verdict[], { tx, actors, scope, bundle }: Context): Finding {
  const victims = [...new Set(all.map(({ valuation }) => valuation.victim))]
  const { push, pull, pool } = best.manipulation
  const { valuation } = best
  const back = pull === null ? '' : ` and moved back in frame ${pull.frame}`
  return buildFinding(tx, bundle, {
    detector: 'price-manipulation',
    severity: best.confidence >= 0.85 ? 'critical' : best.confidence >= 0.65 ? 'high' : 'medium',
    confidence: best.confidence,
    categories: ['price-manipulation'],
    protected: scope.kind === 'contracts' ? victims.filter((victim) => scope.addresses.has(victim)) : [],
    victims,
    actors: [...actors],
    profit: changesOf(tx, actors).profit,
    loss: changesOf(tx, victims).loss,
    evidence: all.slice(0, 8).map(evidenceOf),
    message: `The price of pool ${pool} was moved in frame ${push.frame}${back}; in between ${valuation.victim} valued by it (frame ${valuation.read.frame}) and paid out.`,
  })
}

function evidenceOf({ manipulation, valuation, paid, reasons }: Verdict): Finding['evidence'][number] {
  const { push, pull, pool } = manipulation
  const frames = [
    push.frame,
    valuation.frame.index,
    valuation.read.frame,
    ...(pull === null ? [] : [pull.frame]),
  ]
  return {
    statement: `pool ${pool}: ${push.amountIn} of ${push.assetIn} for ${push.amountOut} of ${push.assetOut}; ${reasons.join('; ')}`,
    frames,
    amounts: paid.slice(0, 8).map(({ to, asset, amount }) => ({ account: to, asset, amount })),
  }
}
