import { messageOf } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import { type Severity, severityRank } from '../model/finding.ts'

/**
 * Runs that are admitted in parallel: more would only take turns on one thread and ten connections, and delay the
 * record.
 */
const AT_ONCE = 16
/** While the record is behind: findings are recorded first, and the most severe runs begin anyway. */
const AT_ONCE_CROWDED = 4
/**
 * A run that neither waits for people nor has ended after this time is slow for other reasons: it makes room for
 * others.
 */
const LONGEST_MS = 5_000

/**
 * Admits a few runs at a time, the most severe first: a storm of incidents begins a storm of runs, and the first of
 * them should be done before the last begins. A run that waits for people takes no room.
 */
export type Gate = {
  /** Queues a run; `begin` is called once there is room. A run that is queued or inside already is not queued again. */
  admit(run: { id: string; severity: Severity }, begin: () => Promise<void>): void
  /** Releases a run that has ended, or waits for people. */
  leave(runId: string): void
  /** Whether a run is queued or inside. */
  holds(runId: string): boolean
  close(): void
}

type Waiting = { id: string; rank: number; begin: () => Promise<void> }

export function createGate(logger: Logger, isCrowded: () => boolean = () => false): Gate {
  const waiting: Waiting[] = []
  const inside = new Map<string, NodeJS.Timeout>()
  const leave = (runId: string): void => {
    const timer = inside.get(runId)
    if (timer === undefined) return
    clearTimeout(timer)
    inside.delete(runId)
    letIn()
  }
  const letIn = (): void => {
    while (inside.size < (isCrowded() ? AT_ONCE_CROWDED : AT_ONCE)) {
      const next = waiting.shift()
      if (next === undefined) return
      const { id, begin } = next
      const timer = setTimeout(() => leave(id), LONGEST_MS)
      timer.unref()
      inside.set(id, timer)
      begin().catch((thrown: unknown) => {
        // it is on record: the search for runs that never began finds it
        logger.warn({ runId: id, reason: messageOf(thrown) }, 'a run could not begin yet')
        leave(id)
      })
    }
  }
  return {
    admit({ id, severity }, begin) {
      if (inside.has(id) || waiting.some((known) => known.id === id)) return
      const rank = severityRank(severity)
      const after = waiting.findIndex((known) => known.rank < rank)
      waiting.splice(after === -1 ? waiting.length : after, 0, { id, rank, begin })
      letIn()
    },
    leave,
    holds: (runId) => inside.has(runId) || waiting.some(({ id }) => id === runId),
    close() {
      waiting.length = 0
      for (const timer of inside.values()) clearTimeout(timer)
      inside.clear()
    },
  }
}
