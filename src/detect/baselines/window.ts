import { firstAtLeast } from '../../kit/sorted.ts'

/**
 * The last `capacity` numbers, with exact ranks and quantiles in O(log n) and O(n) bytes moved to learn one.
 * Plain data: `recent` in order of arrival, `sorted` ascending.
 */
export type Window = { capacity: number; recent: number[]; sorted: number[] }

export function emptyWindow(capacity: number): Window {
  return { capacity, recent: [], sorted: [] }
}

export function learn(window: Window, value: number): void {
  const { recent, sorted, capacity } = window
  recent.push(value)
  sorted.splice(countBelow(window, value), 0, value)
  if (recent.length <= capacity) return
  const oldest = recent.shift()
  if (oldest !== undefined) sorted.splice(countBelow(window, oldest), 1)
}

/** How many of the numbers are below `value`. */
export function countBelow({ sorted }: Window, value: number): number {
  return firstAtLeast(sorted, value)
}

/** The value below which `share` (0 to 1) of the numbers lie; undefined for none. */
export function quantileOf({ sorted }: Window, share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/**
 * Median absolute deviation from the median, times 1.4826 so that it estimates a Gaussian's standard deviation.
 * Source: P. Rousseeuw, C. Croux, Alternatives to the median absolute deviation, JASA 88 (1993). O(n log n).
 */
export function robustScale(window: Window): number {
  const median = quantileOf(window, 0.5) ?? 0
  const apart = window.sorted.map((value) => Math.abs(value - median)).sort((x, y) => x - y)
  return 1.4826 * (apart[Math.floor(apart.length / 2)] ?? 0)
}
