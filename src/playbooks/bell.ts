import { messageOf } from '../kit/error.ts'
import { hearTimeline, type TimelineNotice } from '../store/notify-line.ts'
import type { Store } from '../store/store.ts'

/** A waiting caller checks again by itself at this interval, even without a notice: a notice may be lost unnoticed. */
const PATIENCE_MS = 30_000

/**
 * Wakes steps that wait for people: every answer to a run or signature about a plan is on the incident's timeline in
 * the same transaction, and PostgreSQL notifies of that, in this process and in others. A waiting step polls nothing
 * meanwhile.
 */
export type Bell = {
  /**
   * Resolves when the incident's timeline has grown, when `ms` have passed, or when the bell is stopped; maybe earlier.
   */
  wait(incidentId: string, ms: number): Promise<void>
  stop(): Promise<void>
}

export async function createBell(store: Store): Promise<Bell> {
  const waiting = new Map<string, Set<() => void>>()
  let stopped = false
  const wake = (incidentId: string): void => {
    for (const done of [...(waiting.get(incidentId) ?? [])]) done()
  }
  const wakeAll = (): void => {
    for (const incidentId of [...waiting.keys()]) wake(incidentId)
  }
  const line: TimelineNotice = await hearTimeline(store, (incidentId) =>
    incidentId === null ? wakeAll() : wake(incidentId),
  )
  const waitFor = (incidentId: string, ms: number): Promise<void> =>
    new Promise((resolve) => {
      const waiters = waiting.get(incidentId) ?? new Set()
      waiting.set(incidentId, waiters)
      const done = (): void => {
        clearTimeout(timer)
        waiters.delete(done)
        if (waiters.size === 0 && waiting.get(incidentId) === waiters) waiting.delete(incidentId)
        resolve()
      }
      const timer = setTimeout(done, ms)
      waiters.add(done)
    })
  return {
    wait: (incidentId, ms) => (stopped ? Promise.resolve() : waitFor(incidentId, Math.min(ms, PATIENCE_MS))),
    async stop() {
      stopped = true
      wakeAll()
      await line
        .stop()
        .catch((thrown: unknown) =>
          store.logger.warn({ error: messageOf(thrown) }, 'while stopping the bell'),
        )
    },
  }
}
