/** How often an invariant was tested and how often it was broken, over the recent past. */
export type Trials = { readonly asked: number; readonly broken: number }

/**
 * Whether a history supports an invariant. `bound` is the one-sided 95 % Clopper–Pearson upper limit of the rate at
 * which ordinary transactions break it; `needed` is the number of further transactions without a break that would
 * suffice.
 */
export type Support =
  | { kind: 'enough'; asked: number; broken: number; bound: number }
  | { kind: 'too-weak'; asked: number; broken: number; bound: number; needed: number }

/** Trials remembered: beyond it both counts are halved, so that a protocol's early phase is forgotten. */
const MEMORY = 1_000
const ALPHA = 0.05

export const NO_TRIALS: Trials = { asked: 0, broken: 0 }

export function addTrial({ asked, broken }: Trials, isBroken: boolean): Trials {
  const next = { asked: asked + 1, broken: broken + (isBroken ? 1 : 0) }
  return next.asked <= MEMORY ? next : { asked: next.asked / 2, broken: next.broken / 2 }
}

/** Returns whether the trials show a false-alarm rate of at most `maxRate`, and if not, what is missing. */
export function supportOf(trials: Trials, maxRate: number): Support {
  const bound = upperBound(trials)
  if (bound <= maxRate) return { kind: 'enough', ...trials, bound }
  let low = Math.ceil(trials.asked)
  let high = Math.max(64, low * 2)
  while (upperBound({ asked: high, broken: trials.broken }) > maxRate) high *= 2
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (upperBound({ asked: middle, broken: trials.broken }) > maxRate) low = middle
    else high = middle
  }
  return { kind: 'too-weak', ...trials, bound, needed: high - Math.floor(trials.asked) }
}

/** One-sided 95 % Clopper–Pearson upper limit of a rate; 1 without trials. Clopper and Pearson, Biometrika 26 (1934). */
export function upperBound({ asked, broken }: Trials): number {
  const n = Math.floor(asked)
  const k = Math.ceil(broken)
  if (n <= k) return 1
  if (k === 0) return 1 - ALPHA ** (1 / n)
  let low = k / n
  let high = 1
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2
    if (atMost(k, n, middle) > ALPHA) low = middle
    else high = middle
  }
  return high
}

/** P(X ≤ k) for X binomial(n, p), summed in logarithms. */
function atMost(k: number, n: number, p: number): number {
  if (p >= 1) return 0
  let term = n * Math.log1p(-p)
  let sum = Math.exp(term)
  for (let i = 1; i <= k; i++) {
    term += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p)
    sum += Math.exp(term)
  }
  return sum
}
