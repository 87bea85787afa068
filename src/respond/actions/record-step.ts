import { note } from '../../incidents/context.ts'
import { appendEvidence } from '../../incidents/ledger.ts'
import type { TimelineKind } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { transaction } from '../../store/store.ts'
import type { App } from '../context.ts'

export type StepEntry = {
  kind: TimelineKind
  message: string
  body: unknown
  facts?: Readonly<Record<string, unknown>>
}

/** Puts what a step did on the timeline and, as it is, into the evidence chain: both or neither. */
export async function recordStep(
  app: App,
  context: Pick<ActionContext, 'incidentId' | 'run' | 'stepId'>,
  { kind, message, body, facts = {} }: StepEntry,
): Promise<void> {
  const { incidentId, run, stepId } = context
  await transaction(app.store, async (store) => {
    const inside = { store, clock: app.clock }
    await note(inside, { incidentId, kind, message, facts: { ...facts, run: run.id, step: stepId } })
    await appendEvidence(inside, { incidentId, kind, body })
  })
}
