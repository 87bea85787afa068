/**
 * How values of a series are compared: `plain` by their difference, `ratio` by their quotient, `count` by the difference of
 * square roots, so that a busy hour's noise does not hide a departure in a quiet one.
 */
export type Unit = 'plain' | 'ratio' | 'count'

const LEAST_RATIO = 1e-9
/** Variance of 2√(x + 3/8) is 1 for a Poisson of any rate. Source: F. Anscombe, Biometrika 35 (1948). */
const SHIFT = 3 / 8

/** A value on the scale of its unit. Strictly increasing from 0 on; below 0 a count counts as 0. */
export function scaled(value: number, unit: Unit): number {
  if (unit === 'ratio') return Math.log(Math.max(value, LEAST_RATIO))
  if (unit === 'count') return 2 * Math.sqrt(Math.max(0, value) + SHIFT)
  return value
}

/** The value at a point of the scale: the inverse of {@link scaled}. */
export function unscaled(scale: number, unit: Unit): number {
  if (unit === 'ratio') return Math.exp(scale)
  if (unit === 'count') return Math.max(0, (scale / 2) ** 2 - SHIFT)
  return scale
}
