import { assert } from '../kit/assert.ts'
import { clopperPearson, type Proportion } from './statistics.ts'

/** A score and the true class of its item. */
export type Scored = {
  score: number
  positive: boolean
  /** The number of equal items that this represents; 1 when left out. Millions of silent transactions are one item. */
  times?: number
}

const timesOf = ({ times = 1 }: Scored): number => times

/** The numbers of positive and of negative items. */
function countsOf(scored: readonly Scored[]): { positives: number; negatives: number } {
  const counts = { positives: 0, negatives: 0 }
  for (const item of scored) counts[item.positive ? 'positives' : 'negatives'] += timesOf(item)
  return counts
}

/** The result of alarming at `score ≥ threshold`. */
export type OperatingPoint = {
  threshold: number
  /** TP / (TP + FP); its n is the number of alarms */
  precision: Proportion
  /** TP / P; its n is the number of positives */
  recall: Proportion
  /** FP / N; its n is the number of negatives */
  falsePositiveRate: Proportion
}

/** More points than this add no information, and their exact intervals take minutes. */
const MOST_POINTS = 1_000

/**
 * An operating point for every distinct score, from the highest threshold down: the precision–recall and the ROC curve
 * together. Equal scores are one point, never split. Above 1,000 distinct scores those at which recall steps up are
 * kept, and the others are thinned evenly.
 */
export function operatingPoints(scored: readonly Scored[]): OperatingPoint[] {
  const { positives, negatives } = countsOf(scored)
  return thinned(cumulated(scored)).map(({ threshold, hits, alarms }) => ({
    threshold,
    precision: clopperPearson({ successes: hits, n: alarms }),
    recall: clopperPearson({ successes: hits, n: positives }),
    falsePositiveRate: clopperPearson({ successes: alarms - hits, n: negatives }),
  }))
}

type Cumulated = { threshold: number; hits: number; alarms: number }

function cumulated(scored: readonly Scored[]): Cumulated[] {
  const sorted = [...scored].sort((x, y) => y.score - x.score)
  const points: Cumulated[] = []
  let [hits, alarms] = [0, 0]
  sorted.forEach((item, i) => {
    alarms += timesOf(item)
    if (item.positive) hits += timesOf(item)
    if (sorted[i + 1]?.score !== item.score) points.push({ threshold: item.score, hits, alarms })
  })
  return points
}

function thinned(points: readonly Cumulated[]): readonly Cumulated[] {
  const every = Math.ceil(points.length / MOST_POINTS)
  if (every <= 1) return points
  return points.filter(
    ({ hits }, i) => hits !== (points[i - 1]?.hits ?? 0) || i % every === 0 || i === points.length - 1,
  )
}

/** An area under a curve, with its counts and its interval. */
export type Area = { auc: number; positives: number; negatives: number; low: number; high: number }

/**
 * P(score of a positive > score of a negative) + ½ P(equal): the area under the ROC curve by mid-ranks, O(n log n).
 * Interval (95 %): J. Hanley and B. McNeil, Radiology 143 (1982), eq. 1; approximate below about 20 of either kind.
 * NaN where a kind is absent.
 */
export function rocArea(scored: readonly Scored[]): Area {
  const { positives, negatives } = countsOf(scored)
  if (positives === 0 || negatives === 0)
    return { auc: Number.NaN, positives, negatives, low: Number.NaN, high: Number.NaN }
  const auc = (positiveRankSum(scored) - (positives * (positives + 1)) / 2) / (positives * negatives)
  assert(auc >= 0 && auc <= 1, 'an area lies between 0 and 1')
  const [q1, q2] = [auc / (2 - auc), (2 * auc * auc) / (1 + auc)]
  const variance =
    (auc * (1 - auc) + (positives - 1) * (q1 - auc * auc) + (negatives - 1) * (q2 - auc * auc)) /
    (positives * negatives)
  const half = 1.959964 * Math.sqrt(Math.max(0, variance))
  return { auc, positives, negatives, low: Math.max(0, auc - half), high: Math.min(1, auc + half) }
}

function positiveRankSum(scored: readonly Scored[]): number {
  const sorted = [...scored].sort((x, y) => x.score - y.score)
  let [sum, below] = [0, 0]
  for (let start = 0; start < sorted.length; ) {
    let [end, tied, hits] = [start, 0, 0]
    for (let item = sorted[end]; item?.score === sorted[start]?.score; item = sorted[++end]) {
      if (item === undefined) break
      tied += timesOf(item)
      if (item.positive) hits += timesOf(item)
    }
    sum += hits * (below + (tied + 1) / 2)
    below += tied
    start = end
  }
  return sum
}
