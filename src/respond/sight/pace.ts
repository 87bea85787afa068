import type { SeenHead } from './sight.ts'

/** Number of recent heads considered: enough to see a rhythm, few enough to follow a chain that changes its own. */
const RECENT = 32
/** Number of observed advances before a chain may count as standing still. */
const ENOUGH = 3
/** Transactions in a block above which no chain makes its blocks for single ones. */
const BUSY = 3

/** How a chain makes its blocks. */
export type Pace = {
  /** Seconds between blocks by their own times; null before two heads were seen. */
  blockSeconds: number | null
  /**
   * The longest usual time between two heads, seconds. Null if the chain may make blocks on demand, or was not watched
   * for long enough: then a head that stands still says nothing.
   */
  longestGap: number | null
}

/**
 * A chain is driven by time if its blocks come without transactions or with many, at about the pace of their own times.
 * Chains that make a block for each transaction (development nodes) have one or a few in every block; a script that
 * mines many at once gives them times that are further apart than the blocks are.
 */
export function paceOf(heads: readonly SeenHead[]): Pace {
  const recent = heads.slice(-RECENT)
  const [first, last] = [recent[0], recent.at(-1)]
  if (first === undefined || last === undefined || last.number <= first.number)
    return { blockSeconds: null, longestGap: null }
  const blocks = last.number - first.number
  const blockSeconds = Math.max(0, (last.timestamp - first.timestamp) / blocks)
  // The first head existed before: its arrival time is unknown.
  const seen = heads[0] === first ? recent.slice(1) : recent
  const advances = seen.slice(1).map((head, index) => advance(seen[index] ?? head, head))
  const gaps = advances.map(({ seconds }) => seconds)
  const isClockwork = isDrivenByTime(seen, { advances, blockSeconds })
  // One outage among many advances does not characterise the chain.
  return { blockSeconds, longestGap: isClockwork ? quantile(gaps, 0.9) : null }
}

type Advance = { seconds: number; perBlock: number }

function advance(before: SeenHead, after: SeenHead): Advance {
  const seconds = (after.at - before.at) / 1000
  return { seconds, perBlock: seconds / (after.number - before.number) }
}

type Rhythm = { advances: readonly Advance[]; blockSeconds: number }

function isDrivenByTime(seen: readonly SeenHead[], { advances, blockSeconds }: Rhythm): boolean {
  if (advances.length < ENOUGH) return false
  const arrival = quantile(
    advances.map(({ perBlock }) => perBlock),
    0.5,
  )
  if (arrival > 3 * blockSeconds || blockSeconds > 3 * arrival) return false
  const counts = seen.map(({ transactions }) => transactions)
  return Math.min(...counts) === 0 || quantile(counts, 0.5) > BUSY
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(share * sorted.length)] ?? 0
}
