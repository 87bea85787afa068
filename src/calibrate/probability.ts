import { assert } from '../kit/assert.ts'
import type { Scored } from './curves.ts'
import { betaQuantile, clopperPearson, type Proportion } from './statistics.ts'

/** A run of scores that share one calibrated probability. `upTo` is its highest score. */
export type CalibratedStep = { upTo: number; positives: number; n: number }

/** A non-decreasing step function from score to probability, with the counts behind each step. Plain data. */
export type StepFunction = readonly CalibratedStep[]

/**
 * Isotonic calibration: the non-decreasing step function nearest to the outcomes, by the pool-adjacent-violators
 * algorithm.
 * Source: M. Ayer et al. (1955); for scores B. Zadrozny, C. Elkan, KDD 2002. Fit it on data that the scores were not
 * derived from.
 */
export function fitIsotonic(scored: readonly Scored[]): StepFunction {
  const steps: CalibratedStep[] = []
  for (const { upTo, positives, n } of byScore(scored)) {
    let step = { upTo, positives, n }
    for (let last = steps.at(-1); last !== undefined && rate(last) >= rate(step); last = steps.at(-1)) {
      steps.pop()
      step = { upTo, positives: last.positives + step.positives, n: last.n + step.n }
    }
    steps.push(step)
  }
  return steps
}

/** The estimate, its lower bound (which decisions use), its upper bound, and the number of outcomes. */
export type Probability = { estimate: number; low: number; high: number; n: number }

/**
 * The calibrated probability of a score with its 95 % credible interval (Beta posterior of the step's counts under
 * Jeffreys' prior ½, ½). Without data it is the prior's: 0.5, 0 to 1, n = 0.
 */
export function probabilityOf(calibration: StepFunction, score: number): Probability {
  const { positives, n } = calibration.find(({ upTo }) => score <= upTo) ?? calibration.at(-1) ?? NOTHING
  const shape = { a: positives + 0.5, b: n - positives + 0.5 }
  return {
    estimate: n === 0 ? 0.5 : positives / n,
    low: betaQuantile(0.025, shape),
    high: betaQuantile(0.975, shape),
    n,
  }
}

/** Predictions between `from` and `to`: their mean, and the observed rate. */
export type ReliabilityBin = { from: number; to: number; said: number; came: Proportion }

/** A reliability diagram in bins of equal width, empty ones left out: calibrated probabilities lie in the intervals. */
export function reliability(scored: readonly Scored[], bins = 10): ReliabilityBin[] {
  assert(
    scored.every(({ score }) => score >= 0 && score <= 1),
    'a probability lies between 0 and 1',
  )
  return Array.from({ length: bins }, (_, i) => ({ from: i / bins, to: (i + 1) / bins, index: i }))
    .map(({ from, to, index }) => {
      const inside = scored.filter(({ score }) => Math.min(bins - 1, Math.floor(score * bins)) === index)
      const successes = inside.filter(({ positive }) => positive).length
      const said = inside.reduce((sum, { score }) => sum + score, 0) / inside.length
      return { from, to, said, came: clopperPearson({ successes, n: inside.length }) }
    })
    .filter(({ came }) => came.n > 0)
}

const NOTHING: CalibratedStep = { upTo: Number.POSITIVE_INFINITY, positives: 0, n: 0 }
const rate = ({ positives, n }: CalibratedStep): number => positives / n

/** One step per distinct score, ascending: equal scores cannot be distinguished, so they share their counts. */
function byScore(scored: readonly Scored[]): CalibratedStep[] {
  const steps = new Map<number, CalibratedStep>()
  for (const { score, positive } of scored) {
    const step = steps.get(score) ?? { upTo: score, positives: 0, n: 0 }
    steps.set(score, { upTo: score, positives: step.positives + (positive ? 1 : 0), n: step.n + 1 })
  }
  return [...steps.values()].sort((x, y) => x.upTo - y.upTo)
}
