import type { LiveLine } from '../model/line.ts'

/** What goes on, for the terminal, the NDJSON output and the SSE stream. */
export type LiveEvent = LiveLine

export type Hub = {
  tell(event: LiveEvent): void
  /** Calls `listener` for every event from now on; gives back how to stop. A listener must not throw. */
  listen(listener: (event: LiveEvent) => void): () => void
}

export function createHub(): Hub {
  const listeners = new Set<(event: LiveEvent) => void>()
  return {
    tell(event) {
      for (const listener of listeners) listener(event)
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
