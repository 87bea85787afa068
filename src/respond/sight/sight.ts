/** A head, as it was when an endpoint first told of it. */
export type SeenHead = {
  number: number
  /** Seconds since the Unix epoch. */
  timestamp: number
  transactions: number
  /** Milliseconds: when it was told of. */
  at: number
}

/** How an endpoint answered when it was last asked for its head. */
export type EndpointSight = {
  name: string
  head: number | null
  /** Why it did not answer; null where it did. */
  failure: string | null
  /** Milliseconds: since when it answers, or does not. */
  since: number
}

/**
 * What is seen of a chain from beside the block path: one small loop asks each endpoint for its head, so that a watcher
 * that hangs is told from a chain that rests. Plain data, changed in place.
 */
export type ChainSight = {
  /** Milliseconds: when the loop began. */
  startedAt: number
  /** Heads while they advanced, oldest first, {@link MOST_HEADS} at most. The first was there already. */
  heads: SeenHead[]
  endpoints: EndpointSight[]
  /** Milliseconds: when an endpoint last answered; null before the first answer. */
  answeredAt: number | null
  /** The newest block that was looked at, where the watcher's own vitals do not say. */
  processed: { number: number; timestamp: number | null } | null
  /** Why its watcher has ended; null while it runs. */
  stopped: { reason: string; at: number } | null
}

export const MOST_HEADS = 256

export function emptySight(now: number): ChainSight {
  return { startedAt: now, heads: [], endpoints: [], answeredAt: null, processed: null, stopped: null }
}
