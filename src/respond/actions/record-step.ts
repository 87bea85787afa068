import { record } from '../../incidents/record.ts'
import type { EvidenceItem } from '../../model/evidence.ts'
import type { Happening } from '../../model/timeline.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import type { App } from '../context.ts'

/** A step's entry on the timeline. */
export type StepEntry = Happening extends infer H
  ? H extends Happening
    ? Omit<H, 'incidentId'>
    : never
  : never

/** Adds the result of a step to the timeline and to the evidence chain. */
export async function recordStep(
  { store, clock }: App,
  { incidentId, run, stepId }: Pick<ActionContext, 'incidentId' | 'run' | 'stepId'>,
  { evidence, ...entry }: StepEntry & { evidence: EvidenceItem },
): Promise<void> {
  const facts = { ...entry.facts, run: run.id, step: stepId }
  await record({ store, clock }, { ...entry, incidentId, facts } as Happening, evidence)
}
