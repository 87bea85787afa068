import type { Calibration } from '../model/calibration.ts'
import { clopperPearson } from './statistics.ts'

/** The reference outcomes for scores: those of the calibration, with those observed since. */
export type Outcomes = Pick<Calibration, 'attacks' | 'benign'>

/** P(attack), 95 % interval, and the numbers of attacks and benign transactions behind it. */
export type AttackProbability = {
  estimate: number
  low: number
  high: number
  attacks: number
  benign: number
}

export type ProbabilityQuestion = {
  score: number
  /** Share of transactions that are attacks, 0 to 1. */
  prior: number
  /** Coverage of the interval, 0 to 1; wider while drift is suspected. */
  confidence?: number
}

/**
 * P(attack | a score at least this high) by Bayes from counts: π·r / (π·r + (1 − π)·f), where r is the share of known
 * attacks and f the share of benign transactions that reach the score. The interval takes r and f at opposite ends of
 * their exact intervals, each at half the error (Bonferroni). Without a benign transaction at that score f is taken as
 * ½ / (n + 1), not as 0.
 */
export function attackProbability(outcomes: Outcomes, question: ProbabilityQuestion): AttackProbability {
  const { score, prior, confidence = 0.95 } = question
  const each = 1 - (1 - confidence) / 2
  const { attacks, benign } = outcomes
  const reached = attacks.filter((other) => other >= score).length
  const alarms = benign.scores.filter((other) => other >= score).length
  const recall = clopperPearson({ successes: reached, n: attacks.length, confidence: each })
  const falseRate = clopperPearson({ successes: alarms, n: benign.n, confidence: each })
  const [r, f] = [(reached + 0.5) / (attacks.length + 1), (alarms + 0.5) / (benign.n + 1)]
  return {
    estimate: posterior(prior, r, f),
    low: posterior(prior, recall.low, falseRate.high),
    high: posterior(prior, recall.high, falseRate.low),
    attacks: attacks.length,
    benign: benign.n,
  }
}

function posterior(prior: number, recall: number, falseRate: number): number {
  const hit = prior * recall
  return hit === 0 ? 0 : hit / (hit + (1 - prior) * falseRate)
}
