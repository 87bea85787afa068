import type { Patience } from '../../model/patience.ts'

/** Number of blocks whose time is remembered: enough for a median that one odd block does not move. */
const REMEMBERED = 32

/** The chain's own time between blocks, derived from its blocks. */
export type Pace = { timestamps: { number: number; timestamp: number }[] }

export function createPace(): Pace {
  return { timestamps: [] }
}

export function noteTime(pace: Pace, block: { number: number; timestamp: number | null }): void {
  if (block.timestamp === null) return
  const last = pace.timestamps.at(-1)
  if (last !== undefined && block.number <= last.number) pace.timestamps = []
  pace.timestamps.push({ number: block.number, timestamp: block.timestamp })
  if (pace.timestamps.length > REMEMBERED) pace.timestamps.shift()
}

/** Median seconds between blocks; null before two are known. */
export function blockSeconds({ timestamps }: Pace): number | null {
  const gaps = timestamps.flatMap(({ number, timestamp }, i) => {
    const before = timestamps[i - 1]
    return before === undefined ? [] : [(timestamp - before.timestamp) / (number - before.number)]
  })
  gaps.sort((a, b) => a - b)
  return gaps[Math.floor(gaps.length / 2)] ?? null
}

/** Milliseconds that reading one block may take before it is judged with what is there; `seconds` between blocks. */
export function budgetMs(seconds: number | null, { share, leastMs, mostMs }: Patience): number {
  return Math.min(mostMs, Math.max(leastMs, (seconds ?? 2) * 1_000 * share))
}
