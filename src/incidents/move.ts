import { CordonError } from '../kit/error.ts'
import { type Incident, type IncidentState, incidentStates, mayMove } from '../model/incident.ts'
import { findIncident, listIncidents, setIncidentState } from '../store/incidents.ts'
import { takeOwed } from '../store/owed-answers.ts'
import { transaction } from '../store/store.ts'
import { type IncidentContext, lockKnown, note, unknownIncident } from './context.ts'

export type IncidentMove = {
  incidentId: string
  to: IncidentState
  /** The author of the move: `cordon`, a role or a person. */
  author: string
  reason: string
}

/**
 * Moves an incident to another state and records it on the timeline; a move to the present state does nothing. Throws
 * `incidents.ForbiddenTransition`, `incidents.UnknownIncident`.
 */
export async function moveIncident(context: IncidentContext, move: IncidentMove): Promise<Incident> {
  return transaction(
    context.store,
    async (tx) => {
      const incident = await lockKnown(tx, move.incidentId)
      const { state: from } = incident
      if (from === move.to) return incident
      if (!mayMove(from, move.to)) throw forbiddenTransition(incident, move.to)
      await setIncidentState(tx, incident.id, { from, to: move.to })
      // alerts before a manual move are not a reason to act when the incident reopens
      await takeOwed(tx, [{ incidentId: incident.id, by: move.to }])
      await note(
        { ...context, store: tx },
        {
          incidentId: incident.id,
          kind: 'state',
          author: move.author,
          message: `${from} → ${move.to}: ${move.reason}`,
          facts: { from, to: move.to },
        },
      )
      return { ...incident, state: move.to }
    },
    { idempotent: true },
  )
}

/** Incidents that still need attention: open or contained, newest first. */
export async function listActive(context: IncidentContext): Promise<Incident[]> {
  return listIncidents(context.store, { states: ['open', 'contained'] })
}

/** One incident. Throws `incidents.UnknownIncident`. */
export async function getIncident(context: IncidentContext, id: string): Promise<Incident> {
  const incident = await findIncident(context.store, id)
  if (!incident) throw unknownIncident(id)
  return incident
}

function forbiddenTransition(incident: Incident, to: IncidentState): CordonError {
  const allowed = incidentStates.filter((state) => mayMove(incident.state, state))
  return new CordonError({
    code: 'incidents.ForbiddenTransition',
    message: `An incident that is ${incident.state} cannot become ${to}.`,
    facts: { incidentId: incident.id, from: incident.state, to, allowed },
    fix:
      allowed.length > 0
        ? `Move it to ${allowed.join(', or ')}.`
        : 'A closed incident stays closed: open a new one and refer to this one in a note.',
  })
}
