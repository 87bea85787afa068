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

/** Adds links in this order; the database rejects one that does not extend its chain, and every later change of it. */
export async function insertEvidence(tx: Store, links: readonly Evidence[]): Promise<void> {
  if (links.length === 0) return
  const sql = `INSERT INTO evidence (incident_id, sequence, kind, recorded_at, body, previous, hash)
    SELECT a, b, c, d, e, f, g FROM unnest($1::text[], $2::int4[], $3::text[], $4::int8[], $5::text[], $6::text[],
      $7::text[]) WITH ORDINALITY AS given (a, b, c, d, e, f, g, n) ORDER BY n`
  await change(tx, sql, [
    links.map(({ incidentId }) => incidentId),
    links.map(({ sequence }) => sequence),
    links.map(({ kind }) => kind),
    links.map(({ recordedAt }) => recordedAt),
    links.map(({ body }) => canonicalJson(body)),
    links.map(({ previous }) => previous),
    links.map(({ hash }) => hash),
  ])
}

/** The evidence chain of an incident, in order. */
export async function listEvidence(store: Store, incidentId: string): Promise<Evidence[]> {
  const sql = `SELECT ${COLUMNS} FROM evidence WHERE incident_id = $1 ORDER BY sequence`
  return rows(store, storedSchema, sql, [incidentId])
}
