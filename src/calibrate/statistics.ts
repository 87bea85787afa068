import { assert } from '../kit/assert.ts'

/** A counted share, with its counts and its uncertainty. */
export type Proportion = {
  successes: number
  n: number
  /** successes / n; NaN where n is 0 */
  estimate: number
  /** Lower end of the interval, 0 to 1. */
  low: number
  /** Upper end of the interval, 0 to 1. */
  high: number
  /** Coverage that the interval guarantees, 0 to 1. */
  confidence: number
}

export type Count = { successes: number; n: number; confidence?: number }

/**
 * The exact (Clopper–Pearson) interval of a proportion: coverage is at least `confidence` for every true value.
 * Source: C. Clopper, E. Pearson, Biometrika 26 (1934), in its form by beta quantiles.
 *
 * @example
 * clopperPearson({ successes: 0, n: 300_000 }).high // 1.2e-5: no alarm in 300,000 shows a rate below that
 */
export function clopperPearson({ successes, n, confidence = 0.95 }: Count): Proportion {
  assert(Number.isInteger(successes) && Number.isInteger(n), 'counts are whole')
  assert(successes >= 0 && successes <= n, 'successes lie between 0 and n')
  assert(confidence > 0 && confidence < 1, 'confidence lies between 0 and 1')
  const tail = (1 - confidence) / 2
  return {
    successes,
    n,
    estimate: n === 0 ? Number.NaN : successes / n,
    low: successes === 0 ? 0 : betaQuantile(tail, { a: successes, b: n - successes + 1 }),
    high: successes === n ? 1 : betaQuantile(1 - tail, { a: successes + 1, b: n - successes }),
    confidence,
  }
}

/** A proportion in readable form: `3 of 40 (7.5 %, 95 % interval 1.6 to 20 %)`. */
export function proportionText({ successes, n, estimate, low, high, confidence }: Proportion): string {
  if (n === 0) return '0 of 0 (nothing counted)'
  const per = (share: number): string => `${Number((share * 100).toPrecision(2))}`
  return `${successes} of ${n} (${per(estimate)} %, ${per(confidence)} % interval ${per(low)} to ${per(high)} %)`
}

/** A share of one in readable form, two digits: `0.032 %`. */
export function percentText(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`
}

export type BetaShape = { a: number; b: number }

/**
 * The regularised incomplete beta function I_x(a, b): the distribution function of Beta(a, b).
 * Source: continued fraction DLMF 8.17.22, evaluated by Lentz's method as W. Thompson and A. Barnett gave it (1986);
 * about 1e-12 relative in the body. The fraction converges fast below (a+1)/(a+b+2); above, symmetry is used.
 */
export function betaCdf(x: number, { a, b }: BetaShape): number {
  assert(a > 0 && b > 0, 'the shapes of a beta distribution are positive')
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, { a, b })) / a
    : 1 - (front * betaFraction(1 - x, { a: b, b: a })) / b
}

/** The x at which `betaCdf` is `p`, by bisection: 200 halvings end at the last bit, also near 0. */
export function betaQuantile(p: number, shape: BetaShape): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 200 && high - low > Number.EPSILON * low; i++) {
    const middle = (low + high) / 2
    if (betaCdf(middle, shape) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

const TINY = 1e-300

function betaFraction(x: number, { a, b }: BetaShape): number {
  const awayFromZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value)
  let c = 1
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / awayFromZero(1 + even * d)
    c = awayFromZero(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / awayFromZero(1 + odd * d)
    c = awayFromZero(1 + odd / c)
    result *= d * c
    if (Math.abs(d * c - 1) < 1e-14) break
  }
  return result
}

/** Coefficients for g = 7, n = 9. Source: C. Lanczos (1964) as tabulated by P. Godfrey. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const

/** ln Γ(x) for x > 0, to about 1e-13. */
export function logGamma(x: number): number {
  assert(x > 0, 'logGamma is asked above 0 only')
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const z = x - 1
  const t = z + 7.5
  const series = LANCZOS.reduce((sum, term, i) => (i === 0 ? term : sum + term / (z + i)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(series)
}
