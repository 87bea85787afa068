import { z } from 'zod'
import type { Severity } from '../model/finding.ts'
import { type Incident, type IncidentState, incidentSchema } from '../model/incident.ts'
import { change, row, rows, type Store } from './store.ts'

const COLUMNS = `'incident' AS type, id, kind, state, title, chain_id AS "chainId", severity, categories, protected,
  victims, actors, transactions, started_at AS "startedAt", discovered_at AS "discoveredAt",
  found_late AS "foundLate"`

/** Writes a new incident. Once: a second insert with the same id changes nothing. */
export async function insertIncident(tx: Store, incident: Incident): Promise<void> {
  const sql = `INSERT INTO incidents (id, kind, state, title, chain_id, severity, categories, protected, victims,
    actors, transactions, started_at, discovered_at, found_late)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING`
  const { id, kind, state, title, chainId, severity, startedAt, discoveredAt, foundLate } = incident
  await change(tx, sql, [
    id,
    kind,
    state,
    title,
    chainId,
    severity,
    ...lists(incident),
    startedAt,
    discoveredAt,
    foundLate,
  ])
}

/** Writes what an alert may change: severity, lists and start. State has {@link setIncidentState}. */
export async function updateIncident(tx: Store, incident: Incident): Promise<void> {
  const sql = `UPDATE incidents SET severity = $2, categories = $3, protected = $4, victims = $5, actors = $6,
    transactions = $7, started_at = $8 WHERE id = $1`
  await change(tx, sql, [incident.id, incident.severity, ...lists(incident), incident.startedAt])
}

/** Moves an incident only if it still is in `from`; tells whether it was. */
export async function setIncidentState(
  tx: Store,
  id: string,
  move: { from: IncidentState; to: IncidentState },
): Promise<boolean> {
  const sql = 'UPDATE incidents SET state = $3 WHERE id = $1 AND state = $2'
  return (await change(tx, sql, [id, move.from, move.to])) === 1
}

/** One incident, or undefined. */
export async function findIncident(store: Store, id: string): Promise<Incident | undefined> {
  return row(store, incidentSchema, `SELECT ${COLUMNS} FROM incidents WHERE id = $1`, [id])
}

/** One incident, locked until the transaction ends: whoever changes its record holds this lock first. */
export async function lockIncident(tx: Store, id: string): Promise<Incident | undefined> {
  return row(tx, incidentSchema, `SELECT ${COLUMNS} FROM incidents WHERE id = $1 FOR UPDATE`, [id])
}

export type IncidentFilter = { states?: readonly IncidentState[]; minSeverity?: Severity; limit?: number }

/** Incidents, newest first; all states and at most 1,000 by default. */
export async function listIncidents(store: Store, filter: IncidentFilter = {}): Promise<Incident[]> {
  const sql = `SELECT ${COLUMNS} FROM incidents
    WHERE ($1::text[] IS NULL OR state = ANY($1))
      AND ($2::text IS NULL OR array_position(${SEVERITIES}, severity) >= array_position(${SEVERITIES}, $2))
    ORDER BY discovered_at DESC, id DESC LIMIT $3`
  return rows(store, incidentSchema, sql, [
    filter.states ?? null,
    filter.minSeverity ?? null,
    filter.limit ?? 1_000,
  ])
}

const SEVERITIES = `ARRAY['info', 'low', 'medium', 'high', 'critical']`

export type RecordSize = { timelineCount: number; evidenceCount: number; evidenceHead: string }

const sizeSchema = z.object({
  timelineCount: z.number().int(),
  evidenceCount: z.number().int(),
  evidenceHead: z.string(),
})

/** How long an incident's record is, and the hash of its newest evidence. */
export async function recordSize(store: Store, id: string): Promise<RecordSize | undefined> {
  const sql = `SELECT timeline_count AS "timelineCount", evidence_count AS "evidenceCount",
    evidence_head AS "evidenceHead" FROM incidents WHERE id = $1`
  return row(store, sizeSchema, sql, [id])
}

function lists(incident: Incident): readonly (readonly string[])[] {
  const { categories, victims, actors, transactions } = incident
  return [categories, incident.protected, victims, actors, transactions]
}
