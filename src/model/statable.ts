/**
 * The use of a rate decides how exactly it must be known. `share`: of attacks, alarms or cases (recall, precision).
 * `rare`: of benign transactions (a false positive rate).
 */
export type RateUse = 'share' | 'rare'

/** A share with its n and the ends of its exact 95 % interval, 0 to 1. */
export type CountedRate = { n: number; low: number; high: number }

/** Width of the 95 % interval, as a share of one: 40 points need n = 8 where all or none succeed, and 27 near half. */
const WIDEST_SHARE = 0.4
/** One point: 0 of 368 shows at most 1 %. */
const WIDEST_RARE = 0.01
/** Or the upper end is at most three times the lower one: the size of the rate is known. */
const MOST_RATIO = 3

/**
 * Whether a counted rate says enough to be printed: its exact 95 % interval is at most 40 points wide; for rare events at
 * most one point wide, or known within a factor of three.
 */
export function isStatable({ n, low, high }: CountedRate, use: RateUse): boolean {
  if (n === 0) return false
  const width = high - low
  if (use === 'share') return width <= WIDEST_SHARE
  return width <= WIDEST_RARE || high <= MOST_RATIO * low
}

/** The words that stand in the place of a rate that n cannot support. */
export function tooFewText({ n }: CountedRate): string {
  return n === 0 ? 'n = 0: nothing counted' : `n = ${n}: too few to say`
}
