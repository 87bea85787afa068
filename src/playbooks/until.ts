import { messageOf } from '../kit/error.ts'
import type { Run } from '../model/playbook.ts'
import { markAnswered } from '../store/runs.ts'
import { type Session, standStill } from './session.ts'

export type Until<T> = {
  /** Milliseconds since the epoch. */
  deadline: number
  look?: () => Promise<T | undefined>
}

/**
 * Waits until something is there or the time is over. Nothing here is durable, and nothing needs to be: what ends it is in
 * the database, and what came of it is recorded in one step after. A database that is away is waited for.
 */
export async function until<T>(
  session: Session,
  { incidentId, id: runId }: Pick<Run, 'id' | 'incidentId'>,
  { deadline, look }: Until<T>,
): Promise<T | undefined> {
  session.gate.leave(runId)
  await markAnswered(session.store, runId).catch((thrown: unknown) =>
    session.logger.warn({ error: messageOf(thrown), runId }, 'Could not say that a run waits'),
  )
  for (;;) {
    if (session.stopping) return standStill()
    // Asked for before looking, so that what comes between the two wakes us.
    const left = Math.max(0, deadline - session.clock.now())
    const rung = session.bell.wait(incidentId, left)
    const found = await look?.().catch((thrown: unknown) => {
      session.logger.warn({ error: messageOf(thrown), runId }, 'Could not look whether a wait is over')
      return undefined
    })
    if (session.stopping) return standStill()
    if (found !== undefined) return found
    if (session.clock.now() >= deadline) return undefined
    await rung
  }
}
