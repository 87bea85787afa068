import { assert } from '../kit/assert.ts'

/**
 * The scorer of the Numenta Anomaly Benchmark, reimplemented from its paper: A. Lavin, S. Ahmad, Evaluating real-time
 * anomaly detection algorithms (ICMLA 2015), and checked for its off-by-ones against NAB 1.1's public `sweeper.py`.
 */

/** A labelled series. Windows are the first and last row that count as detection, inclusive, ascending, disjoint. */
export type NabSeries = { name: string; scores: readonly number[]; windows: readonly NabWindow[] }
export type NabWindow = { first: number; last: number }

/** The weights of detections, misses and false alarms. */
export type NabProfile = { truePositive: number; falsePositive: number; falseNegative: number }

export type NabSeriesScore = {
  name: string
  windows: number
  /** Windows with an alarm in them. */
  found: number
  /** Alarms outside windows. */
  falseAlarms: number
  /** Sum of weights, not normalised. */
  raw: number
  /** The result of finding every window immediately. */
  perfect: number
}

export type NabScore = {
  /** 100·(raw − null)/(perfect − null): 0 without any alarm, 100 for perfection. */
  normalized: number
  /** The threshold that gave it; above every score where no alarm is best. */
  threshold: number
  series: NabSeriesScore[]
}

/** Rows at the beginning that are for learning only: 15 % of the rows, at most 15 % of 5,000. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 750)
}

/**
 * Weight of an alarm by its position: −1 is the left edge of a window (0.987), 0 its right edge (0), beyond it
 * increasingly false (−0.987 one window width later), −1 from three widths on.
 */
export function scaledSigmoid(position: number): number {
  return position >= 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1
}

/** Scores a corpus with one threshold for all series, the best one for the profile. */
export function scoreNab(corpus: readonly NabSeries[], profile: NabProfile): NabScore {
  const weighed = corpus.map((series) => weighRows(series, profile))
  const threshold = bestThreshold(weighed, profile)
  return scoreNabAt(corpus, profile, threshold)
}

/** Scores a corpus at a given threshold: alarms are scores ≥ `threshold`. */
export function scoreNabAt(corpus: readonly NabSeries[], profile: NabProfile, threshold: number): NabScore {
  const series = corpus.map((one) => scoreSeries(one, profile, threshold))
  const raw = series.reduce((sum, one) => sum + one.raw, 0)
  const windows = series.reduce((sum, one) => sum + one.windows, 0)
  const [perfect, silent] = [windows * profile.truePositive, -windows * profile.falseNegative]
  return { normalized: (100 * (raw - silent)) / (perfect - silent), threshold, series }
}

/** A row that is scored. `window` is the index of its window, −1 outside. */
type WeighedRow = { score: number; weight: number; window: number }

function weighRows({ scores, windows }: NabSeries, profile: NabProfile): WeighedRow[] {
  const edge = scaledSigmoid(-1)
  const rows: WeighedRow[] = []
  let next = 0
  scores.forEach((score, row) => {
    while (next < windows.length && row > (windows[next]?.last ?? row)) next++
    const current = windows[next]
    const inside = current !== undefined && row >= current.first
    const weight = inside
      ? (scaledSigmoid(-(current.last - row + 1) / (current.last - current.first + 1)) / edge) *
        profile.truePositive
      : scaledSigmoid(widthsPast(windows[next - 1], row)) * profile.falsePositive
    assert(!inside || weight > 0, 'an alarm in a window is worth something')
    if (row >= probationRows(scores.length)) rows.push({ score, weight, window: inside ? next : -1 })
  })
  return rows
}

/** The distance of a row from the previous window, in widths; 3 where there is none before. */
function widthsPast(before: NabWindow | undefined, row: number): number {
  if (before === undefined) return 3
  return (row - before.last) / Math.max(1, before.last - before.first)
}

function scoreSeries(series: NabSeries, profile: NabProfile, threshold: number): NabSeriesScore {
  const best = new Map<number, number>()
  const scorable = new Set<number>()
  let [falseAlarms, raw] = [0, 0]
  for (const { score, weight, window } of weighRows(series, profile)) {
    if (window >= 0) scorable.add(window)
    if (score < threshold) continue
    if (window >= 0) best.set(window, Math.max(best.get(window) ?? 0, weight))
    else {
      falseAlarms++
      raw += weight
    }
  }
  for (const window of scorable) raw += best.get(window) ?? -profile.falseNegative
  const windows = series.windows.length
  // a window inside probation can be neither found nor missed; the reference still counts it in "perfect"
  return {
    name: series.name,
    windows,
    found: best.size,
    falseAlarms,
    raw,
    perfect: windows * profile.truePositive,
  }
}

/** Sweeps all rows of the corpus from the highest score down and keeps the threshold with the highest sum. */
function bestThreshold(corpus: readonly WeighedRow[][], { falseNegative }: NabProfile): number {
  const rows = corpus.flatMap((series, i) => series.map((row) => ({ ...row, series: i })))
  rows.sort((x, y) => y.score - x.score)
  const best = new Map<string, number>()
  let sum = 0
  let chosen = { threshold: Number.POSITIVE_INFINITY, sum: 0 }
  rows.forEach(({ score, weight, window, series }, i) => {
    if (window < 0) sum += weight
    else {
      const key = `${series}/${window}`
      const before = best.get(key) ?? -falseNegative
      if (weight > before) {
        best.set(key, weight)
        sum += weight - before
      }
    }
    if (rows[i + 1]?.score !== score && sum > chosen.sum) chosen = { threshold: score, sum }
  })
  return chosen.threshold
}
