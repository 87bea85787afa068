import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Clock } from '../kit/clock.ts'
import type { Logger } from '../kit/logger.ts'
import type { Store } from '../store/store.ts'
import type { Action } from './action.ts'
import type { Bell } from './bell.ts'
import type { Gate } from './gate.ts'

/** The shared state with which this process runs playbooks, from `startPlaybooks` to its `stop`. */
export type Session = {
  store: Store
  clock: Clock
  logger: Logger
  actions: ReadonlyMap<string, Action>
  /** Pages the people of a task or an approval: `{ roles, title, body }`. */
  tell: Action | undefined
  /** Wakes steps that wait for people. */
  bell: Bell
  /** Lets a few runs begin at a time. */
  gate: Gate
  /** Once true, runs of this session stand still; the process that resumes them continues from their last result. */
  stopping: boolean
  /** Durable steps in progress. */
  busy: number
}

/**
 * Runs `act` as a durable step of the current workflow: its result is stored under `name`, and returned instead of
 * running it again. An error that it throws is the machinery's own, never the step's.
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

/** Waits across crashes; see {@link durably} for a stop. */
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
 * Never settles. A stopped run must neither continue nor fail: an error would be recorded as its end. Nothing refers to
 * the promise, so the run's memory is freed with it.
 */
export function standStill(): Promise<never> {
  return new Promise(() => {})
}
