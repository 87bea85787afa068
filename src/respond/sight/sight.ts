/** A head, as it was when an endpoint first reported it. */
export type SeenHead = {
  number: number
  /** Seconds since the Unix epoch. */
  timestamp: number
  transactions: number
  /** Milliseconds: when it was reported. */
  at: number
}

/** How an endpoint answered the last request for its head. */
export type EndpointSight = {
  name: string
  head: number | null
  /** The reason why it did not answer; null if it did. */
  failure: string | null
  /** Milliseconds: since when it answers, or does not. */
  since: number
}

/**
 * The observations of a chain from outside the block path: one small loop asks each endpoint for its head, so that a
 * hanging watcher can be told apart from an idle chain. Plain data, changed in place.
 */
export type ChainSight = {
  /** Milliseconds: when the loop began. */
  startedAt: number
  /** Heads while they advanced, oldest first, {@link MOST_HEADS} at most. The first existed before the loop began. */
  heads: SeenHead[]
  endpoints: EndpointSight[]
  /** Milliseconds: when an endpoint last answered; null before the first answer. */
  answeredAt: number | null
  /** The newest processed block, if the watcher's own vitals do not show it. */
  processed: { number: number; timestamp: number | null } | null
  /** The reason why its watcher has ended; null while it runs. */
  stopped: { reason: string; at: number } | null
}

export const MOST_HEADS = 256

export function emptySight(now: number): ChainSight {
  return { startedAt: now, heads: [], endpoints: [], answeredAt: null, processed: null, stopped: null }
}
