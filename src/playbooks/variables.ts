import type { Alert } from '../model/alert.ts'
import type { Incident } from '../model/incident.ts'
import type { PinnedPlaybook, Run, StepResult } from '../model/playbook.ts'
import { listAlerts } from '../store/alerts.ts'
import { findIncident } from '../store/incidents.ts'
import { findRun } from '../store/runs.ts'
import { type Place, stepsAt, visibleFrom } from './place.ts'
import type { Session } from './session.ts'
import { walk } from './walk.ts'

export type Variables = {
  incident: Record<string, unknown>
  alert: Record<string, unknown>
  steps: Record<string, unknown>
  item: unknown
  /** False in a drill that nobody answers; true in every real incident. */
  people: boolean
}

/**
 * The values that conditions and templates of a position see now. Read inside a durable step, so that a resumed run
 * sees the same.
 */
export async function readVariables(
  session: Session,
  { run, pinned, place }: { run: Run; pinned: PinnedPlaybook; place: Place },
): Promise<Variables> {
  const [incident, alerts, current] = await Promise.all([
    findIncident(session.store, run.incidentId),
    listAlerts(session.store, run.incidentId),
    findRun(session.store, run.id),
  ])
  const standing = alerts.filter(({ withdrawnAt }) => withdrawnAt === null).map(({ alert }) => alert)
  const known = [...walk(stepsAt(pinned, place))].map(({ step }) => step.id)
  return {
    incident: incident === undefined ? {} : incidentFields(incident),
    alert: alertFields(standing),
    steps: stepFields(known, visibleFrom(place, current?.steps ?? [])),
    item: place.item,
    people: run.people,
  }
}

function incidentFields(incident: Incident): Record<string, unknown> {
  const { type: _, ...fields } = incident
  return fields
}

/** The newest valid alert, and their number. */
function alertFields(alerts: readonly Alert[]): Record<string, unknown> {
  const newest = alerts.at(-1)
  return {
    severity: newest?.severity ?? 'info',
    confidence: newest?.confidence ?? 0,
    pending: newest?.pending ?? false,
    categories: newest?.categories ?? [],
    transactionHash: newest?.transactionHash ?? null,
    blockNumber: newest?.blockNumber ?? 0,
    message: newest?.message ?? '',
    detectors: [...new Set(alerts.flatMap(({ findings }) => findings.map(({ detector }) => detector)))],
    probability: newest?.assessment?.probability.estimate ?? 0,
    count: alerts.length,
  }
}

/**
 * Every step of the playbook is included, `pending` until it has ended; `page-all` is `page_all` too, as CEL has no
 * dashes.
 */
function stepFields(
  known: readonly string[],
  results: ReadonlyMap<string, StepResult>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const id of known) {
    const found = results.get(id)
    const field = {
      state: found?.state ?? 'pending',
      output: found?.output ?? null,
      error: found?.error ?? null,
    }
    fields[id] = field
    fields[id.replaceAll('-', '_')] = field
  }
  return fields
}
