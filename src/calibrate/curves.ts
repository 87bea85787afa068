import { assert } from '../kit/assert.ts'
import { clopperPearson, type Proportion } from './statistics.ts'

/** A score and the truth about what it was given to. */
export type Scored = { score: number; positive: boolean }

/** What alarming at `score ≥ threshold` gives. */
export type OperatingPoint = {
  threshold: number
  /** TP / (TP + FP); its n is the number of alarms */
  precision: Proportion
  /** TP / P; its n is the number of positives */
  recall: Proportion
  /** FP / N; its n is the number of negatives */
  falsePositiveRate: Proportion
}

/**
 * An operating point for every distinct score, from the highest threshold down: the precision–recall and the ROC
 * curve at once. Equal scores are one point, never split.
 */
export function operatingPoints(scored: readonly Scored[]): OperatingPoint[] {
  const sorted = [...scored].sort((x, y) => y.score - x.score)
  const positives = scored.filter(({ positive }) => positive).length
  const negatives = scored.length - positives
  const points: OperatingPoint[] = []
  let [hits, alarms] = [0, 0]
  sorted.forEach(({ score, positive }, i) => {
    alarms++
    if (positive) hits++
    if (sorted[i + 1]?.score === score) return
    points.push({
      threshold: score,
      precision: clopperPearson({ successes: hits, n: alarms }),
      recall: clopperPearson({ successes: hits, n: positives }),
      falsePositiveRate: clopperPearson({ successes: alarms - hits, n: negatives }),
    })
  })
  return points
}

/** An area under a curve, with its counts and its interval. */
export type Area = { auc: number; positives: number; negatives: number; low: number; high: number }

/**
 * P(score of a positive > score of a negative) + ½ P(equal): the area under the ROC curve by mid-ranks, O(n log n).
 * Interval (95 %): J. Hanley and B. McNeil, Radiology 143 (1982), eq. 1; approximate below about 20 of either kind.
 * NaN where a kind is absent.
 */
export function rocArea(scored: readonly Scored[]): Area {
  const positives = scored.filter(({ positive }) => positive).length
  const negatives = scored.length - positives
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
  let sum = 0
  for (let start = 0; start < sorted.length; ) {
    let end = start
    while (end < sorted.length && sorted[end]?.score === sorted[start]?.score) end++
    const rank = (start + 1 + end) / 2
    for (let i = start; i < end; i++) if (sorted[i]?.positive === true) sum += rank
    start = end
  }
  return sum
}
