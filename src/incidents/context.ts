import type { Clock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type { Incident } from '../model/incident.ts'
import type { Happening, TimelineEntry } from '../model/timeline.ts'
import { lockIncident } from '../store/incidents.ts'
import type { Store } from '../store/store.ts'
import { appendTimeline, type NewTimelineEntry } from '../store/timeline.ts'

/** The dependencies of this room's functions. */
export type IncidentContext = { store: Store; clock: Clock }

/** Longest message of a timeline entry, in characters. */
const MESSAGE_LENGTH = 2_000

/** Appends to an incident's timeline: `eventTime` is when it happened, the discovery time is now. */
export async function note(context: IncidentContext, happening: Happening): Promise<TimelineEntry> {
  return appendTimeline(context.store, entryOf(context, happening))
}

/** The timeline entry of an event, discovered now. */
export function entryOf({ clock }: Pick<IncidentContext, 'clock'>, happening: Happening): NewTimelineEntry {
  const now = clock.now()
  return {
    incidentId: happening.incidentId,
    kind: happening.kind,
    eventTime: happening.eventTime ?? now,
    discoveryTime: now,
    author: printable(happening.author ?? 'cordon'),
    message: printable(happening.message, MESSAGE_LENGTH),
    facts: happening.facts ?? {},
  }
}

/** The incident, locked until the transaction ends. Throws `incidents.UnknownIncident`. */
export async function lockKnown(tx: Store, id: string): Promise<Incident> {
  const incident = await lockIncident(tx, id)
  if (!incident) throw unknownIncident(id)
  return incident
}

export function unknownIncident(id: string): CordonError {
  return new CordonError({
    code: 'incidents.UnknownIncident',
    message: 'There is no such incident.',
    facts: { incidentId: id },
    fix: 'List the incidents with `cordon incidents list` and use one of their ids.',
  })
}
