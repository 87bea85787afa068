import { messageOf } from '../kit/error.ts'
import { lastSignalPosition, listSignalsAfter } from '../store/signals.ts'
import type { Store } from '../store/store.ts'

const POLL_MS = 100
/** Transactions commit out of the order of their positions: so much is looked at again. */
const OVERLAP = 64
/** Who waits looks again by himself this often, whatever rang. */
const PATIENCE_MS = 10_000

/** Wakes the runs that were signalled, in this process or by another: one small query for all that wait. */
export type Bell = {
  /** Resolves when the run was signalled, when `ms` have passed, or when the bell is stopped; maybe earlier. */
  wait(runId: string, ms: number): Promise<void>
  stop(): void
}

type Ringing = {
  store: Store
  waiting: Map<string, Set<() => void>>
  newest: number | undefined
  timer: NodeJS.Timeout | undefined
  stopped: boolean
}

export function createBell(store: Store): Bell {
  const bell: Ringing = { store, waiting: new Map(), newest: undefined, timer: undefined, stopped: false }
  return {
    wait: (runId, ms) => waitFor(bell, runId, Math.min(ms, PATIENCE_MS)),
    stop() {
      bell.stopped = true
      clearTimeout(bell.timer)
      for (const runId of [...bell.waiting.keys()]) wake(bell, runId)
    },
  }
}

function waitFor(bell: Ringing, runId: string, ms: number): Promise<void> {
  if (bell.stopped) return Promise.resolve()
  return new Promise((resolve) => {
    const waiters = bell.waiting.get(runId) ?? new Set()
    bell.waiting.set(runId, waiters)
    const done = (): void => {
      clearTimeout(timer)
      waiters.delete(done)
      if (waiters.size === 0 && bell.waiting.get(runId) === waiters) bell.waiting.delete(runId)
      resolve()
    }
    const timer = setTimeout(done, ms)
    waiters.add(done)
    lookLater(bell)
  })
}

function lookLater(bell: Ringing): void {
  if (bell.timer !== undefined || bell.stopped || bell.waiting.size === 0) return
  bell.timer = setTimeout(async () => {
    await look(bell).catch((thrown: unknown) =>
      bell.store.logger.warn({ error: messageOf(thrown) }, 'Could not look for signals'),
    )
    bell.timer = undefined
    lookLater(bell)
  }, POLL_MS)
}

async function look(bell: Ringing): Promise<void> {
  if (bell.newest === undefined) {
    bell.newest = await lastSignalPosition(bell.store)
    // Something may have come between the first look of those who wait and this one.
    for (const runId of [...bell.waiting.keys()]) wake(bell, runId)
    return
  }
  const newest = (await lastSignalPosition(bell.store)) ?? 0
  if (newest === bell.newest) return
  const found = await listSignalsAfter(bell.store, bell.newest - OVERLAP)
  bell.newest = found.at(-1)?.position ?? bell.newest
  for (const { runId } of found) wake(bell, runId)
}

function wake(bell: Ringing, runId: string): void {
  for (const done of [...(bell.waiting.get(runId) ?? [])]) done()
}
