import { z } from 'zod'
import { canonicalJson } from '../kit/json.ts'
import { type IncidentEnd, incidentEndSchema, type Seal, sealSchema } from '../model/seal.ts'
import { change, row, rows, type Store } from './store.ts'

/** An arbitrary number, the same in every Cordon: one process seals at a time. */
const SEAL_LOCK = 7_264_002
/** Maximum incidents that one seal covers; the others wait for the next. */
const MOST_INCIDENTS = 1_000

const COLUMNS = `number, sealed_at AS "sealedAt", incidents, previous, hash, public_key AS "publicKey", signature`

const storedSchema = sealSchema.extend({
  incidents: z.string().transform((text) => z.array(incidentEndSchema).parse(JSON.parse(text))),
})

/** True where this transaction may seal; false where another process is sealing. Never waits. */
export async function takeSealing(tx: Store): Promise<boolean> {
  const sql = `SELECT pg_try_advisory_xact_lock(${SEAL_LOCK}) AS taken`
  return (await row(tx, z.object({ taken: z.boolean() }), sql))?.taken === true
}

/** The newest seal, or undefined. */
export async function lastSeal(store: Store): Promise<Seal | undefined> {
  return row(store, storedSchema, `SELECT ${COLUMNS} FROM seals ORDER BY number DESC LIMIT 1`)
}

/** From here on all reads of this transaction see one moment; it must be called first. */
export async function readOneMoment(tx: Store): Promise<void> {
  await change(tx, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
}

/** All seals, oldest first. */
export async function listSeals(store: Store): Promise<Seal[]> {
  return rows(store, storedSchema, `SELECT ${COLUMNS} FROM seals ORDER BY number`)
}

const rowSchema = z
  .object({
    id: z.string(),
    timelineCount: z.number().int(),
    timelineHead: z.string(),
    evidenceCount: z.number().int(),
    evidenceHead: z.string(),
  })
  .transform(
    ({ id, timelineCount, timelineHead, evidenceCount, evidenceHead }): IncidentEnd => ({
      id,
      timeline: { count: timelineCount, head: timelineHead },
      evidence: { count: evidenceCount, head: evidenceHead },
    }),
  )

const ENDS = `id, incidents.timeline_count AS "timelineCount", timeline_head AS "timelineHead",
  incidents.evidence_count AS "evidenceCount", evidence_head AS "evidenceHead"`

/** The ends of incidents that have grown since they were sealed. */
export async function unsealedEnds(tx: Store): Promise<IncidentEnd[]> {
  const sql = `SELECT ${ENDS} FROM incidents LEFT JOIN sealed_incidents ON incident_id = id
    WHERE incident_id IS NULL OR incidents.timeline_count <> sealed_incidents.timeline_count
      OR incidents.evidence_count <> sealed_incidents.evidence_count
    ORDER BY id LIMIT ${MOST_INCIDENTS}`
  return rows(tx, rowSchema, sql)
}

/** The end of each incident from its own row. */
export async function incidentEnds(store: Store): Promise<IncidentEnd[]> {
  return rows(store, rowSchema, `SELECT ${ENDS} FROM incidents ORDER BY id`)
}

/** Adds a seal; the database rejects one that does not extend the chain, and every later change of it. */
export async function insertSeal(tx: Store, seal: Seal): Promise<void> {
  const { number, sealedAt, incidents, previous, hash, publicKey, signature } = seal
  const sql = `INSERT INTO seals (number, sealed_at, incidents, previous, hash, public_key, signature)
    VALUES ($1, $2, $3, $4, $5, $6, $7)`
  await change(tx, sql, [number, sealedAt, canonicalJson(incidents), previous, hash, publicKey, signature])
  const sealed = `INSERT INTO sealed_incidents (incident_id, timeline_count, evidence_count)
    SELECT * FROM unnest($1::text[], $2::int4[], $3::int4[])
    ON CONFLICT (incident_id) DO UPDATE SET timeline_count = excluded.timeline_count,
      evidence_count = excluded.evidence_count`
  await change(tx, sealed, [
    incidents.map(({ id }) => id),
    incidents.map(({ timeline }) => timeline.count),
    incidents.map(({ evidence }) => evidence.count),
  ])
}
