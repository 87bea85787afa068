import type { Alert } from '../model/alert.ts'
import type { NoticeCode } from '../model/block.ts'
import type { Finding } from '../model/finding.ts'
import type { Incident, TimelineEntry } from '../model/incident.ts'

/** What goes on, for the terminal, the NDJSON output and the SSE stream. */
export type LiveEvent =
  | { type: 'block'; chainId: number; blockNumber: number; transactions: number; milliseconds: number }
  | Finding
  | Alert
  | Incident
  | ({ type: 'timeline' } & TimelineEntry)
  | { type: 'reorg'; chainId: number; ancestor: number; removed: number }
  | { type: 'notice'; chainId: number; code: NoticeCode; message: string; facts: Record<string, unknown> }
  | { type: 'blind'; chainId: number; detector: string; missing: string }

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
