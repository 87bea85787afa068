import type { BlockRef, Gap } from './block.ts'

/** How one endpoint stands, as its answers show. */
export type EndpointStanding = {
  /** The URL without credentials, path and query. */
  name: string
  /** `elsewhere`: it has other blocks than the chain that is followed. */
  state: 'unknown' | 'up' | 'failing' | 'down' | 'lagging' | 'elsewhere'
  /** Why it is not `up`, one sentence; null where it is. */
  reason: string | null
  /** Share of recent requests that failed, 0 to 1. */
  errorRate: number
  /** Newest block that it told of; null where it told of none. */
  head: number | null
}

/** A block that was judged with less than all of it. */
export type PartialBlock = {
  block: BlockRef
  /** Seconds since the Unix epoch; null where the block has none. */
  timestamp: number | null
  /** Transactions that could not be seen in full, with what is missing and why. */
  gaps: readonly Gap[]
  /** Detectors that could not judge these transactions. */
  blindDetectors: readonly string[]
  /** `open`: it is read again in the background. `healed`: it was read in full and judged late. `given-up`: it cannot be had. */
  state: 'open' | 'healed' | 'given-up'
}

/**
 * What a chain's watcher knows of its own sight: kept up to date by the parts that learn it, read by `/health` and by
 * whoever decides what may be believed. Plain data, one a chain, changed in place.
 */
export type ChainVitals = {
  /** The newest head that the followed endpoint told of, and when (milliseconds). */
  head: { number: number; timestamp: number | null; at: number } | null
  /** The newest block that was judged. */
  processed: { number: number; timestamp: number | null; at: number } | null
  /** The chain's own time between blocks, seconds: the median of recent ones; null before two blocks are known. */
  blockSeconds: number | null
  endpoints: readonly EndpointStanding[]
  /** Partial blocks that are not healed: those still open, and how many were given up in the last hour. */
  partial: { open: number; givenUp: number }
  /** Detectors that could not judge the newest block or part of it: detector id → what is missing. */
  blindDetectors: ReadonlyMap<string, 'traces' | 'logs' | 'state'>
  /** Whether the detectors know what is usual. */
  learning: { state: 'learning'; from: number; to: number; at: number } | { state: 'learned' } | null
  /** Judged blocks that wait to be recorded, and how many may. */
  recording: { waiting: number; capacity: number }
  /** Upkeep tasks whose last run failed: task → reason. */
  upkeepFailures: ReadonlyMap<string, string>
}

export function emptyVitals(): ChainVitals {
  return {
    head: null,
    processed: null,
    blockSeconds: null,
    endpoints: [],
    partial: { open: 0, givenUp: 0 },
    blindDetectors: new Map(),
    learning: null,
    recording: { waiting: 0, capacity: 0 },
    upkeepFailures: new Map(),
  }
}
