/**
 * Level shift and change of spread of one series: compares the recent points with those before them by medians and
 * median deviations, so a few spikes do not count as a shift. Plain data.
 */
export type Shift = { recentPoints: number; beforePoints: number; values: number[] }

export type ShiftReading = {
  /** How far the median moved, in standard errors; 0 until there are enough points. */
  level: number
  /** Spread now over spread before: 1 is unchanged, 0 is still. */
  spread: number
}

export function shiftOf({ recentPoints = 24, beforePoints = 96 } = {}): Shift {
  return { recentPoints, beforePoints, values: [] }
}

/** Variance of a Gaussian sample's median over that of its mean: π/2. */
const MEDIAN_COST = Math.PI / 2
/** Turns a median absolute deviation into a Gaussian's standard deviation. */
const MAD_SCALE = 1.4826

/** Reads the next value. Pass residuals, not raw values, where the series is seasonal. */
export function readShift(shift: Shift, value: number): ShiftReading {
  const { recentPoints, beforePoints, values } = shift
  values.push(value)
  if (values.length > recentPoints + beforePoints) values.shift()
  if (values.length < recentPoints + beforePoints) return { level: 0, spread: 1 }
  const before = spreadOf(values.slice(0, beforePoints))
  const recent = spreadOf(values.slice(beforePoints))
  const moved = recent.median - before.median
  const error = before.scale * Math.sqrt(MEDIAN_COST * (1 / recentPoints + 1 / beforePoints))
  return {
    level: moved === 0 ? 0 : moved / Math.max(error, Number.EPSILON * Math.abs(before.median), 1e-300),
    spread:
      before.scale === 0 ? (recent.scale === 0 ? 1 : Number.POSITIVE_INFINITY) : recent.scale / before.scale,
  }
}

function spreadOf(values: readonly number[]): { median: number; scale: number } {
  const median = medianOf(values)
  return { median, scale: MAD_SCALE * medianOf(values.map((value) => Math.abs(value - median))) }
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
