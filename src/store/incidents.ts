import { z } from 'zod'
import type { Severity } from '../model/finding.ts'
import { type Incident, type IncidentState, incidentSchema } from '../model/incident.ts'
import { change, row, rows, type Store } from './store.ts'

const COLUMNS = `'incident' AS type, id, kind, state, title, chain_id AS "chainId", severity, categories, protected,
  victims, actors, transactions, started_at AS "startedAt", discovered_at AS "discoveredAt",
  found_late AS "foundLate"`

/** Writes new incidents. Once: a second insert with the same id changes nothing. */
export async function insertIncidents(tx: Store, incidents: readonly Incident[]): Promise<void> {
  const sql = `INSERT INTO incidents (id, kind, state, title, chain_id, severity, categories, protected, victims,
    actors, transactions, started_at, discovered_at, found_late)
    SELECT a, b, c, d, e, f, ${LISTS}, g, h, i FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[],
      $6::text[], $7::text[], $8::int8[], $9::int8[], $10::boolean[])
      WITH ORDINALITY AS given (a, b, c, d, e, f, lists, g, h, i, n)
    ORDER BY n ON CONFLICT (id) DO NOTHING`
  await change(tx, sql, [
    incidents.map(({ id }) => id),
    incidents.map(({ kind }) => kind),
    incidents.map(({ state }) => state),
    incidents.map(({ title }) => title),
    incidents.map(({ chainId }) => chainId),
    incidents.map(({ severity }) => severity),
    incidents.map(lists),
    incidents.map(({ startedAt }) => startedAt),
    incidents.map(({ discoveredAt }) => discoveredAt),
    incidents.map(({ foundLate }) => foundLate),
  ])
}

/** Writes the fields of locked incidents that alerts may change: state, severity, lists and start. */
export async function updateIncidents(tx: Store, incidents: readonly Incident[]): Promise<void> {
  const sql = `UPDATE incidents SET state = b, severity = c, (categories, protected, victims, actors, transactions) =
      (SELECT ${LISTS}), started_at = d
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[]) AS given (a, b, c, lists, d)
    WHERE id = a`
  await change(tx, sql, [
    incidents.map(({ id }) => id),
    incidents.map(({ state }) => state),
    incidents.map(({ severity }) => severity),
    incidents.map(lists),
    incidents.map(({ startedAt }) => startedAt),
  ])
}

/** Moves an incident only if it still is in `from`; returns whether it was. */
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

/** One incident, locked until the transaction ends: any change of its record requires this lock first. */
export async function lockIncident(tx: Store, id: string): Promise<Incident | undefined> {
  return row(tx, incidentSchema, `SELECT ${COLUMNS} FROM incidents WHERE id = $1 FOR UPDATE`, [id])
}

const endedSchema = incidentSchema.and(
  z.object({ evidenceCount: z.number().int(), evidenceHead: z.string() }),
)
/** An incident with the end of its evidence chain. */
export type EndedIncident = z.infer<typeof endedSchema>

/** The criteria by which incidents are found. */
export type Related = Pick<Incident, 'transactions' | 'protected' | 'victims' | 'actors'> & {
  ids: readonly string[]
  chainIds: readonly number[]
}

/**
 * Locks until the transaction ends, and returns, the named incidents and those open or contained ones on these chains
 * that share a transaction, a protected contract, or both an actor and a victim.
 */
export async function lockRelated(tx: Store, related: Related): Promise<EndedIncident[]> {
  const sql = `SELECT ${COLUMNS}, evidence_count AS "evidenceCount", evidence_head AS "evidenceHead" FROM incidents
    WHERE id = ANY($1) OR (state IN ('open', 'contained') AND chain_id = ANY($2) AND (transactions && $3::text[]
      OR protected && $4::text[] OR (victims && $5::text[] AND actors && $6::text[])))
    ORDER BY id FOR UPDATE`
  const { ids, chainIds, transactions, victims, actors } = related
  return rows(tx, endedSchema, sql, [ids, chainIds, transactions, related.protected, victims, actors])
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

/** All incidents of a chain that are open or contained. */
export async function listActiveOn(store: Store, chainId: number): Promise<Incident[]> {
  const sql = `SELECT ${COLUMNS} FROM incidents WHERE state IN ('open', 'contained') AND chain_id = $1`
  return rows(store, incidentSchema, sql, [chainId])
}

/** Whether any open or contained incident is on a chain, or has a lever there. */
export async function hasActiveIncident(store: Store, chainId: number): Promise<boolean> {
  const sql = `SELECT 1 AS one FROM incidents WHERE state IN ('open', 'contained') AND (chain_id = $1
    OR EXISTS (SELECT 1 FROM plans WHERE incident_id = incidents.id AND plans.chain_id = $1)) LIMIT 1`
  return (await row(store, z.object({ one: z.number() }), sql, [chainId])) !== undefined
}

export type RecordSize = { timelineCount: number; evidenceCount: number; evidenceHead: string }

const sizeSchema = z.object({
  timelineCount: z.number().int(),
  evidenceCount: z.number().int(),
  evidenceHead: z.string(),
})

/** The length of an incident's record, and the hash of its newest evidence. */
export async function recordSize(store: Store, id: string): Promise<RecordSize | undefined> {
  const sql = `SELECT timeline_count AS "timelineCount", evidence_count AS "evidenceCount",
    evidence_head AS "evidenceHead" FROM incidents WHERE id = $1`
  return row(store, sizeSchema, sql, [id])
}

/** The end of an incident's timeline: the number of entries, and the hash of the last. */
export async function timelineEnd(
  store: Store,
  id: string,
): Promise<{ count: number; head: string } | undefined> {
  const sql = 'SELECT timeline_count AS count, timeline_head AS head FROM incidents WHERE id = $1'
  return row(store, z.object({ count: z.number().int(), head: z.string() }), sql, [id])
}

/** The lists of an incident as one text, because arrays of arrays of different lengths cannot be unnested. */
function lists({ categories, protected: contracts, victims, actors, transactions }: Incident): string {
  return JSON.stringify([categories, contracts, victims, actors, transactions])
}

const LISTS = [0, 1, 2, 3, 4]
  .map((place) => `ARRAY(SELECT json_array_elements_text(lists::json -> ${place}))`)
  .join(', ')
