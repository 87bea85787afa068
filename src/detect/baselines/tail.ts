import { countBelow, type Window } from './window.ts'

/** With fewer numbers than this, nothing is surprising. */
const FEWEST = 50
/** Numbers above this quantile form the tail that the Pareto is fitted to. */
const TAIL_FROM = 0.95
/** The maximum result, in decades. */
const MOST_DECADES = 12

/**
 * How far in the upper tail of a window a number lies, in decades: −log10 P(X ≥ x). By rank inside the data, and by a
 * generalised Pareto fitted to the excesses over the 95 % quantile beyond it, so it distinguishes values never seen
 * before.
 * Source: SPOT of A. Siffer et al., Anomaly detection in streams with extreme value theory, KDD 2017; on residuals from
 * a moving forecast it is their DSPOT. The fit is by moments (J. Hosking, J. Wallis, Technometrics 29 (1987)): ξ = ½(1
 * − m²/v), σ = ½m(1 + m²/v), ξ held ≥ 0 so that nothing is impossible. Moments, and not Grimshaw's maximum likelihood:
 * refitted at every point it costs O(tail), and ξ < ½ errs on the side of no alarm.
 */
export function surpriseOf(window: Window, value: number): number {
  const n = window.sorted.length
  if (n < FEWEST) return 0
  const from = Math.floor(TAIL_FROM * n)
  const threshold = window.sorted[from] ?? 0
  if (value <= threshold) return -Math.log10((n - countBelow(window, value) + 1) / (n + 1))
  const { mean, variance } = excesses(window, from)
  if (mean <= 0) return Math.log10(n + 1)
  const ratio = (mean * mean) / Math.max(variance, 1e-12 * mean * mean)
  const shape = Math.max(0, (1 - ratio) / 2)
  const scale = (mean * (1 + ratio)) / 2
  const beyond = (value - threshold) / scale
  const decades = shape < 1e-6 ? beyond * Math.LOG10E : Math.log10(1 + shape * beyond) / shape
  return Math.min(MOST_DECADES, decades - Math.log10((n - from) / n))
}

function excesses({ sorted }: Window, from: number): { mean: number; variance: number } {
  const threshold = sorted[from] ?? 0
  const count = sorted.length - from
  let sum = 0
  for (let i = from; i < sorted.length; i++) sum += (sorted[i] ?? threshold) - threshold
  const mean = sum / count
  let squares = 0
  for (let i = from; i < sorted.length; i++) squares += ((sorted[i] ?? threshold) - threshold - mean) ** 2
  return { mean, variance: squares / count }
}
