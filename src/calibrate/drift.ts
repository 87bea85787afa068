import { assert } from '../kit/assert.ts'

/**
 * A conformal test martingale on p-values: it grows when they stop being uniform, that is when the calibration set no
 * longer looks like the present. Without drift the probability that it ever reaches 1/δ is at most δ (Ville).
 * Source: the Simple Jumper of V. Vovk et al., Retrain or not retrain, COPA 2021, algorithm 1.
 */
export type DriftMartingale = {
  /** Capital of the bettors on small p, on neither and on large p. */
  capital: [number, number, number]
  /** Largest total capital so far. */
  peak: number
}

export function driftMartingale(): DriftMartingale {
  return { capital: [1 / 3, 1 / 3, 1 / 3], peak: 1 }
}

/** Share of capital that is redistributed over the bettors at each step. */
const JUMP = 0.01

/** Reads the next p-value and returns the capital; {@link driftStage} gives its meaning. */
export function betOnDrift(martingale: DriftMartingale, p: number): number {
  assert(p >= 0 && p <= 1, 'a p-value lies between 0 and 1')
  const [small, neither, large] = martingale.capital
  const spread = ((small + neither + large) * JUMP) / 3
  const keep = 1 - JUMP
  martingale.capital = [
    (keep * small + spread) * (1 - (p - 0.5)),
    keep * neither + spread,
    (keep * large + spread) * (1 + (p - 0.5)),
  ]
  const total = martingale.capital.reduce((sum, part) => sum + part, 0)
  martingale.peak = Math.max(martingale.peak, total)
  return total
}

/** The consequences of drift: first intervals are widened, then findings go to shadow and automation is disarmed. */
export type DriftStage =
  | { stage: 'stable' }
  | { stage: 'widen'; reason: string }
  | { stage: 'disarm'; reason: string }

export type DriftEvidence = { martingale: DriftMartingale; windowCut: boolean }

/** The stage, with the reason to display: a peak of 20 would occur by chance in 5 % of all time lines, 100 in 1 %. */
export function driftStage({ martingale, windowCut }: DriftEvidence): DriftStage {
  const { peak } = martingale
  const odds = `drift martingale reached ${Math.round(peak)}: by chance at most once in as many`
  if (peak >= 100) return { stage: 'disarm', reason: odds }
  if (peak >= 20) return { stage: 'widen', reason: odds }
  if (windowCut) return { stage: 'widen', reason: 'the mean of recent scores changed (ADWIN)' }
  return { stage: 'stable' }
}

/**
 * ADWIN: the longest recent window of values in [0, 1] whose mean has not changed, in O(log n) memory.
 * Source: A. Bifet, R. Gavaldà, Learning from time-changing data with adaptive windowing, SDM 2007 (ADWIN2, eq. 3.1).
 */
export type Adwin = {
  /** Bound on the chance of a false cut at each step. */
  delta: number
  /** Oldest first. Each holds 2^k values. */
  buckets: { size: number; sum: number; squares: number }[]
  size: number
  sum: number
  steps: number
}

export function adwin({ delta = 0.002 } = {}): Adwin {
  return { delta, buckets: [], size: 0, sum: 0, steps: 0 }
}

const BUCKETS_A_SIZE = 5
/** Number of values between two checks for cuts: 32 as in the authors' own program. */
const CHECK_EVERY = 32

/** Reads the next value; true where older values were dropped because the mean has changed. */
export function takeValue(window: Adwin, value: number): boolean {
  assert(value >= 0 && value <= 1, 'ADWIN takes values between 0 and 1')
  window.buckets.push({ size: 1, sum: value, squares: value * value })
  window.size++
  window.sum += value
  window.steps++
  compress(window.buckets)
  if (window.steps % CHECK_EVERY !== 0) return false
  let cut = false
  while (window.buckets.length > 1 && hasChanged(window)) {
    const oldest = window.buckets.shift()
    window.size -= oldest?.size ?? 0
    window.sum -= oldest?.sum ?? 0
    cut = true
  }
  return cut
}

/** Merges the two oldest buckets of a size where there is one too many, small sizes first. */
function compress(buckets: Adwin['buckets']): void {
  for (let size = 1; ; size *= 2) {
    const first = buckets.findIndex((bucket) => bucket.size === size)
    if (first < 0) return
    const last = buckets.findLastIndex((bucket) => bucket.size === size)
    if (last - first < BUCKETS_A_SIZE) return
    const [older, newer] = [buckets[first], buckets[first + 1]]
    if (older === undefined || newer === undefined) return
    const merged = { size: size * 2, sum: older.sum + newer.sum, squares: older.squares + newer.squares }
    buckets.splice(first, 2, merged)
  }
}

function hasChanged({ buckets, size, sum, delta }: Adwin): boolean {
  const mean = sum / size
  const squares = buckets.reduce((total, bucket) => total + bucket.squares, 0)
  const variance = Math.max(0, squares / size - mean * mean)
  const certainty = Math.log((2 * Math.log(Math.max(size, 2))) / delta)
  let [oldSize, oldSum] = [0, 0]
  for (const bucket of buckets.slice(0, -1)) {
    oldSize += bucket.size
    oldSum += bucket.sum
    const newSize = size - oldSize
    if (oldSize < 5 || newSize < 5) continue
    const harmonic = 1 / oldSize + 1 / newSize
    const bound = Math.sqrt(2 * harmonic * variance * certainty) + (2 / 3) * harmonic * certainty
    if (Math.abs(oldSum / oldSize - (sum - oldSum) / newSize) > bound) return true
  }
  return false
}
