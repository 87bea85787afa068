import type { BlockRef, Gap } from './block.ts'

/** The standing of one endpoint, from its answers. */
export type EndpointStanding = {
  /** The URL without credentials, path and query. */
  name: string
  /** `elsewhere`: its blocks differ from those of the followed chain. */
  state: 'unknown' | 'up' | 'failing' | 'down' | 'lagging' | 'elsewhere'
  /** Why it is not `up`, in one sentence; null where it is. */
  reason: string | null
  /** Share of recent requests that failed, 0 to 1. */
  errorRate: number
  /** The newest block that it reported; null where it reported none. */
  head: number | null
}

/** A block that was judged with incomplete data. */
export type PartialBlock = {
  block: BlockRef
  /** Seconds since the Unix epoch; null where the block has none. */
  timestamp: number | null
  /** Transactions that could not be read in full, with the missing data and the reason. */
  gaps: readonly Gap[]
  /** Detectors that could not judge these transactions. */
  blindDetectors: readonly string[]
  /**
   * `open`: it is read again in the background. `healed`: it was read in full and judged late. `given-up`: it cannot be
   * obtained.
   */
  state: 'open' | 'healed' | 'given-up'
}

/**
 * A chain watcher's own view of its sight: updated by the components that observe it, read by `/health` and by the code
 * that decides what to trust. Plain data, one per chain, changed in place.
 */
export type ChainVitals = {
  /** The newest head that the followed endpoint reported, and when (milliseconds). */
  head: { number: number; timestamp: number | null; at: number } | null
  /** The newest block that was judged. */
  processed: { number: number; timestamp: number | null; at: number } | null
  /** The chain's own time between blocks, seconds: the median of recent ones; null before two blocks are known. */
  blockSeconds: number | null
  endpoints: readonly EndpointStanding[]
  /** Partial blocks that are not healed: those still open, and the number given up in the last hour. */
  partial: { open: number; givenUp: number }
  /** Detectors that could not judge the newest block or part of it: detector id → the missing data. */
  blindDetectors: ReadonlyMap<string, 'traces' | 'logs' | 'state'>
  /** Whether the detectors know what is usual. */
  learning: { state: 'learning'; from: number; to: number; at: number } | { state: 'learned' } | null
  /** Judged blocks that wait to be recorded, and their maximum number. */
  recording: { waiting: number; capacity: number }
  /** Maintenance tasks whose last run failed: task → reason. */
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
