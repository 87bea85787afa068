import {
  copyForest,
  type HalfSpaceTrees,
  halfSpaceTrees,
  readTrees,
} from '../../baselines/half-space-trees.ts'
import { copyScorer, type SeriesScorer, scorePoint, seriesScorer } from '../../baselines/scorer.ts'
import type { Tally } from './tally.ts'

/** The baselines of one contract. Plain data, bounded by `memory` and {@link MOST_ASSETS}. */
export type ContractBaselines = {
  memory: number
  buckets: number
  series: Map<string, SeriesScorer>
  forest: HalfSpaceTrees
}

/** Assets whose flows are tracked, the first ones that moved. */
const MOST_ASSETS = 4
/** The series that the trees score jointly. */
const JOINT = ['calls', 'failures', 'callers', 'approvals', 'borrows', 'liquidations', 'out', 'in'] as const

export function contractBaselines(memory: number): ContractBaselines {
  return { memory, buckets: 0, series: new Map(), forest: halfSpaceTrees({ dimensions: JOINT.length }) }
}

export function copyBaselines({ memory, buckets, series, forest }: ContractBaselines): ContractBaselines {
  return {
    memory,
    buckets,
    series: new Map([...series].map(([name, scorer]) => [name, copyScorer(scorer)])),
    forest: copyForest(forest),
  }
}

/** A departure of one series, or of all together, from its past. */
export type Departure = { series: string; value: number; expected: number; surprise: number; n: number }

export type DepartureRule = { minBuckets: number; minSurprise: number }

/**
 * Scores a bucket against the past and learns it: returns the departures beyond the rule, and the largest surprise,
 * decades.
 */
export function readBucket(
  baselines: ContractBaselines,
  { at, tally }: { at: number; tally: Tally },
  { minBuckets, minSurprise }: DepartureRule,
): { departures: Departure[]; surprise: number } {
  const n = baselines.buckets++
  const values = valuesOf(tally, baselines)
  const departures: Departure[] = []
  let most = 0
  for (const [series, value] of values) {
    const scorer = scorerOf(series, baselines, minSurprise)
    const { surprise, alarm, expected } = scorePoint(scorer, { at, value: Math.log1p(value) })
    if (Math.log1p(value) > expected) most = Math.max(most, surprise)
    if (alarm && n >= minBuckets && Math.log1p(value) > expected)
      departures.push({ series, value, expected: Math.expm1(Math.max(0, expected)), surprise, n })
  }
  const joint = readTrees(baselines.forest, jointOf(values))
  // one bucket ranked among 2,000 is at most 3.3 decades: the trees confirm a series' departure, and never report one
  // alone
  if (departures.length > 0 && joint >= SECONDED)
    departures.push({ series: 'all together', value: joint, expected: 0, surprise: joint, n })
  // the maximum of K ranks: Bonferroni scales it back to one
  return { departures, surprise: Math.max(0, most - Math.log10(values.size)) }
}

const SECONDED = 2.5

function valuesOf(tally: Tally, { series }: ContractBaselines): Map<string, number> {
  const { calls, failures, callers, approvals, borrows, liquidations } = tally
  const values = new Map<string, number>([
    ['calls', calls],
    ['failures', failures],
    ['callers', callers.size],
    ['approvals', approvals],
    ['borrows', borrows],
    ['liquidations', liquidations],
  ])
  const known = new Set([...series.keys()].filter((name) => name.includes(' of ')).map(assetOf))
  for (const asset of [...tally.out.keys(), ...tally.into.keys()])
    if (known.size < MOST_ASSETS) known.add(asset)
  for (const asset of known) {
    values.set(`out of ${asset}`, tally.out.get(asset) ?? 0)
    values.set(`in of ${asset}`, tally.into.get(asset) ?? 0)
  }
  return values
}

const assetOf = (series: string): string => series.slice(series.indexOf(' of ') + 4)

function jointOf(values: ReadonlyMap<string, number>): number[] {
  const flow = (side: string): number =>
    [...values].reduce(
      (most, [name, value]) => (name.startsWith(`${side} of `) ? Math.max(most, value) : most),
      0,
    )
  return JOINT.map((name) =>
    Math.log1p(name === 'out' || name === 'in' ? flow(name) : (values.get(name) ?? 0)),
  )
}

function scorerOf(name: string, { series, memory }: ContractBaselines, alarmAt: number): SeriesScorer {
  const known = series.get(name)
  if (known !== undefined) return known
  const scorer = seriesScorer({ memory, alarmAt })
  series.set(name, scorer)
  return scorer
}
