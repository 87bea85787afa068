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
 * Waits until a value is there or the time is over. Nothing here is durable, and nothing needs to be: the value is in
 * the database, and its consequences are recorded in one later step. An unavailable database is waited for.
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
    // Requested before the check, so that a change between the two wakes this loop.
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
