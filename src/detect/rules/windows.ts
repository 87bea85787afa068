/**
 * A sliding window in block time: `count`, `sum` or `distinct` by key. Time is cut into buckets of a sixtieth of the
 * window (whole seconds, rounded up); a value counts while its bucket is among the last sixty, so it is forgotten
 * between 59/60 of the window and the window after it came. Memory is bounded: keys and distinct values beyond the
 * bounds push out those that were touched longest ago.
 */
export type WindowShape = { kind: 'count' | 'sum' | 'distinct'; bucketSeconds: number }
export type Window = {
  /** Increases with every copy: an entry may be changed in place only by the window that made it. */
  epoch: number
  /** Longest untouched first, to the bucket. */
  entries: Map<string, Entry>
}
type Entry = Totals | Values
/** `sums[bucket % BUCKETS]` of the buckets up to `last`. */
type Totals = { epoch: number; last: number; total: bigint; sums: bigint[] }
/** value → the bucket it was last seen in, oldest first. */
type Values = { epoch: number; last: number; seen: Map<string, number> }

export const BUCKETS = 60
export const MOST_KEYS = 10_000
/** Maximum distinct values counted per key and returned by a window. */
export const MOST_VALUES = 1_000

export function emptyWindow(): Window {
  return { epoch: 0, entries: new Map() }
}

/** An independent copy in time linear in the keys: entries are shared until either side changes them. */
export function copyWindow(window: Window): Window {
  window.epoch += 1
  return { epoch: window.epoch + 1, entries: new Map(window.entries) }
}

export function bucketSecondsOf(overSeconds: number): number {
  return Math.max(1, Math.ceil(overSeconds / BUCKETS))
}

/** Adds `amount` under the key at a time (Unix seconds) that never goes back; returns the total of the window. */
export function addTotal(
  window: Window,
  shape: WindowShape,
  { key, at, amount }: { key: string; at: number; amount: bigint },
): bigint {
  const bucket = Math.floor(at / shape.bucketSeconds)
  const entry = own(window, { key, bucket, fresh: totalsOf })
  forget(entry, bucket)
  const slot = bucket % BUCKETS
  entry.sums[slot] = (entry.sums[slot] ?? 0n) + amount
  entry.total += amount
  return entry.total
}

/** Records a value under the key; returns how many different ones the window holds, at most {@link MOST_VALUES}. */
export function addDistinct(
  window: Window,
  shape: WindowShape,
  { key, at, value }: { key: string; at: number; value: string },
): bigint {
  const bucket = Math.floor(at / shape.bucketSeconds)
  const entry = own(window, { key, bucket, fresh: valuesOf })
  entry.last = bucket
  // Order matters only between buckets: most values recur within one, and keep their place in the order.
  if (entry.seen.get(value) !== bucket) {
    entry.seen.delete(value)
    entry.seen.set(value, bucket)
  }
  for (const [oldest, seen] of entry.seen) {
    if (seen > bucket - BUCKETS && entry.seen.size <= MOST_VALUES) break
    entry.seen.delete(oldest)
  }
  return BigInt(entry.seen.size)
}

/** Buckets that fell out of the window since the entry was last touched are subtracted from its total. */
function forget(entry: Totals, bucket: number): void {
  const passed = Math.min(bucket - entry.last, BUCKETS)
  for (let i = 1; i <= passed; i++) {
    const slot = (entry.last + i) % BUCKETS
    entry.total -= entry.sums[slot] ?? 0n
    entry.sums[slot] = 0n
  }
  entry.last = Math.max(entry.last, bucket)
}

type Wanted<Kind> = { key: string; bucket: number; fresh(known: Entry | undefined): Kind }

/** The window's own entry of a key, moved to the end of the order once per bucket. */
function own<Kind extends Entry>(window: Window, { key, bucket, fresh }: Wanted<Kind>): Kind {
  const { entries, epoch } = window
  const known = entries.get(key)
  if (known?.epoch === epoch && known.last === bucket) return known as Kind
  const entry = known?.epoch === epoch ? (known as Kind) : fresh(known)
  entry.epoch = epoch
  if (known?.last !== bucket) entries.delete(key)
  entries.set(key, entry)
  if (entries.size > MOST_KEYS) for (const oldest of entries.keys()) if (entries.delete(oldest)) break
  return entry
}

function totalsOf(known: Entry | undefined): Totals {
  return known !== undefined && 'sums' in known
    ? { ...known, sums: [...known.sums] }
    : { epoch: 0, last: 0, total: 0n, sums: new Array<bigint>(BUCKETS).fill(0n) }
}

function valuesOf(known: Entry | undefined): Values {
  return known !== undefined && 'seen' in known
    ? { ...known, seen: new Map(known.seen) }
    : { epoch: 0, last: 0, seen: new Map() }
}
