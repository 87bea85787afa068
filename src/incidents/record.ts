import type { EvidenceItem } from '../model/evidence.ts'
import type { Happening, TimelineEntry } from '../model/timeline.ts'
import { transaction } from '../store/store.ts'
import { type IncidentContext, note } from './context.ts'
import { appendEvidence } from './ledger.ts'

/** Adds an event to an incident's timeline and its proof to the evidence chain: both or neither. */
export async function record(
  context: IncidentContext,
  happening: Happening,
  evidence: EvidenceItem,
): Promise<TimelineEntry> {
  return transaction(context.store, async (tx) => {
    const inside = { ...context, store: tx }
    const entry = await note(inside, happening)
    await appendEvidence(inside, { incidentId: happening.incidentId, ...evidence })
    return entry
  })
}
