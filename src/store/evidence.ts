import { z } from 'zod'
import { canonicalJson } from '../kit/json.ts'
import { type Evidence, evidenceSchema } from '../model/evidence.ts'
import { change, row, rows, type Store } from './store.ts'

const storedSchema = evidenceSchema.extend({
  body: z.string().transform((text): unknown => JSON.parse(text)),
})

const COLUMNS = `incident_id AS "incidentId", sequence, kind, recorded_at AS "recordedAt", body, previous, hash`

const headSchema = z.object({ count: z.number().int(), head: z.string() })

/** The end of an incident's evidence chain, locked until the transaction ends; undefined without incident. */
export async function lockEvidenceHead(
  tx: Store,
  incidentId: string,
): Promise<{ count: number; head: string } | undefined> {
  const sql = `SELECT evidence_count AS count, evidence_head AS head FROM incidents WHERE id = $1 FOR UPDATE`
  return row(tx, headSchema, sql, [incidentId])
}

/** Adds a link; the database refuses one that does not extend the chain, and every later change of it. */
export async function insertEvidence(tx: Store, link: Evidence): Promise<void> {
  const sql = `INSERT INTO evidence (incident_id, sequence, kind, recorded_at, body, previous, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7)`
  const { incidentId, sequence, kind, recordedAt, body, previous, hash } = link
  await change(tx, sql, [incidentId, sequence, kind, recordedAt, canonicalJson(body), previous, hash])
}

/** The evidence chain of an incident, in order. */
export async function listEvidence(store: Store, incidentId: string): Promise<Evidence[]> {
  const sql = `SELECT ${COLUMNS} FROM evidence WHERE incident_id = $1 ORDER BY sequence`
  return rows(store, storedSchema, sql, [incidentId])
}
