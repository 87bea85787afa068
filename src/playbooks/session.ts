import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Clock } from '../kit/clock.ts'
import type { Logger } from '../kit/logger.ts'
import type { Store } from '../store/store.ts'
import type { Action } from './action.ts'
import type { Bell } from './bell.ts'
import type { Gate } from './gate.ts'

/** What this process runs playbooks with, from `startPlaybooks` to its `stop`. */
export type Session = {
  store: Store
  clock: Clock
  logger: Logger
  actions: ReadonlyMap<string, Action>
  /** Calls the people whom a task or an approval is for: `{ roles, title, body }`. */
  tell: Action | undefined
  /** Wakes steps that wait for people. */
  bell: Bell
  /** Lets runs begin a few at a time. */
  gate: Gate
  /** Once true, runs of this session stand still; whoever resumes them goes on from their last result. */
  stopping: boolean
  /** Durable steps that are being done right now. */
  busy: number
}

/**
 * Does `act` as a durable step of the current workflow: its result is kept under `name`, and given back
 * instead of doing it again. What it throws is the machinery's own error, never the step's.
 */
export async function durably<T>(session: Session, name: string, act: () => Promise<T>): Promise<T> {
  if (session.stopping) return standStill()
  session.busy++
  try {
    return await DBOS.runStep(act, { name })
  } catch (thrown) {
    if (session.stopping) return standStill()
    throw thrown
  } finally {
    session.busy--
  }
}

/** Waits over crashes; see {@link durably} for a stop. */
export async function sleepDurably(session: Session, ms: number): Promise<void> {
  if (session.stopping) return standStill()
  try {
    await DBOS.sleep(ms)
  } catch (thrown) {
    if (!session.stopping) throw thrown
  }
  if (session.stopping) return standStill()
}

/**
 * Never settles. A run that is stopped must neither go on nor fail: an error would be recorded as its end.
 * Nothing refers to the promise, so the run's memory goes with it.
 */
export function standStill(): Promise<never> {
  return new Promise(() => {})
}
