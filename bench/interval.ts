/*
 * Two-sided 95 % Clopper–Pearson interval of k out of n. Local to the benchmarks until src/calibrate/statistics.ts is
 * merged; then that one takes its place.
 */

const TAIL = 0.025

export function interval(k: number, n: number): [low: number, high: number] {
  if (n === 0) return [0, 1]
  return [
    k === 0 ? 0 : solve((p) => 1 - atMost(k - 1, n, p)),
    k === n ? 1 : solve((p) => 1 - atMost(k, n, p) - (1 - 2 * TAIL)),
  ]
}

/** Where a function that grows with p passes the tail. */
function solve(grows: (p: number) => number): number {
  let low = 0
  let high = 1
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (grows(middle) < TAIL) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function atMost(k: number, n: number, p: number): number {
  if (p <= 0) return 1
  if (p >= 1) return k >= n ? 1 : 0
  let term = n * Math.log1p(-p)
  let sum = Math.exp(term)
  for (let i = 1; i <= k; i++) {
    term += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p)
    sum += Math.exp(term)
  }
  return Math.min(1, sum)
}

/** `k/n = x % [low, high]`, in percent. */
export function rate(k: number, n: number): string {
  const [low, high] = interval(k, n).map((share) => (share * 100).toFixed(3))
  return `${k}/${n} = ${n === 0 ? '–' : ((k / n) * 100).toFixed(3)} % [${low}, ${high}]`
}
