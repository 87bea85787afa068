import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type Alert, alertSchema } from '../model/alert.ts'
import type { Incident } from '../model/incident.ts'
import { change, row, rows, type Store } from './store.ts'

/** An alert as an incident has it. */
export const recordedAlertSchema = z.object({
  incidentId: z.string(),
  recordedAt: z.number().int(),
  /** When a reorg took its block away, in milliseconds; null while it stands. */
  withdrawnAt: z.number().int().nullable(),
  alert: alertSchema,
})
export type RecordedAlert = z.infer<typeof recordedAlertSchema>

const COLUMNS = `alerts.incident_id AS "incidentId", recorded_at AS "recordedAt", withdrawn_at AS "withdrawnAt",
  document AS alert`

/** Adds an alert to an incident; false where that very alert is there already. */
export async function insertAlert(
  tx: Store,
  alert: Alert,
  at: { incidentId: string; recordedAt: number },
): Promise<boolean> {
  const sql = `INSERT INTO alerts (incident_id, alert_hash, fingerprint, chain_id, block_number, block_hash, pending,
    recorded_at, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`
  const { alertHash, fingerprint, chainId, blockNumber, blockHash, pending } = alert
  const place = [chainId, blockNumber, blockHash, pending]
  const values = [at.incidentId, alertHash, fingerprint, ...place, at.recordedAt, toJson(alert)]
  return (await change(tx, sql, values)) === 1
}

/** All alerts of an incident, in the order in which they were recorded. */
export async function listAlerts(store: Store, incidentId: string): Promise<RecordedAlert[]> {
  const sql = `SELECT ${COLUMNS} FROM alerts WHERE incident_id = $1 ORDER BY position`
  return rows(store, recordedAlertSchema, sql, [incidentId])
}

const holderSchema = z.object({ incidentId: z.string(), exact: z.boolean() })

/**
 * The incident of that kind which this alert belongs to already: one that has this very alert, or one that is
 * not closed and has an alert with the same fingerprint.
 */
export async function findIncidentOfAlert(
  tx: Store,
  alert: Alert,
  kind: Incident['kind'],
): Promise<{ incidentId: string; exact: boolean } | undefined> {
  const sql = `SELECT incident_id AS "incidentId", alert_hash = $1 AS exact
    FROM alerts JOIN incidents ON incidents.id = incident_id
    WHERE incidents.kind = $3 AND (alert_hash = $1 OR (fingerprint = $2 AND incidents.state <> 'closed'))
    ORDER BY (alert_hash = $1) DESC, position LIMIT 1`
  return row(tx, holderSchema, sql, [alert.alertHash, alert.fingerprint, kind])
}

/** Holds a lock on an attack's fingerprint until the transaction ends: two processes make one incident of it. */
export async function lockFingerprint(tx: Store, fingerprint: string): Promise<void> {
  await change(tx, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 7264002))', [fingerprint])
}

/**
 * Marks as withdrawn the standing alerts of an incident in these blocks, with pending alerts about the same
 * attack (they were fulfilled by the block that is gone). Gives back the mined ones.
 */
export async function withdrawAlerts(
  tx: Store,
  incidentId: string,
  blocks: { chainId: number; hashes: readonly string[]; at: number },
): Promise<RecordedAlert[]> {
  const sql = `UPDATE alerts SET withdrawn_at = $4 WHERE incident_id = $1 AND withdrawn_at IS NULL AND chain_id = $2
    AND block_hash = ANY($3) RETURNING ${COLUMNS}`
  const withdrawn = await rows(tx, recordedAlertSchema, sql, [
    incidentId,
    blocks.chainId,
    blocks.hashes,
    blocks.at,
  ])
  const pendingSql = `UPDATE alerts SET withdrawn_at = $3 WHERE incident_id = $1 AND withdrawn_at IS NULL AND pending
    AND fingerprint = ANY($2)`
  const fingerprints = withdrawn.map(({ alert }) => alert.fingerprint)
  await change(tx, pendingSql, [incidentId, fingerprints, blocks.at])
  return withdrawn
}

/** Lets a withdrawn alert stand again; false where it stood. */
export async function reviveAlert(tx: Store, incidentId: string, alertHash: string): Promise<boolean> {
  const sql = `UPDATE alerts SET withdrawn_at = NULL WHERE incident_id = $1 AND alert_hash = $2
    AND withdrawn_at IS NOT NULL`
  return (await change(tx, sql, [incidentId, alertHash])) === 1
}

const countSchema = z.object({ count: z.number().int() })

/** How many alerts of an incident stand. */
export async function countLiveAlerts(store: Store, incidentId: string): Promise<number> {
  const sql = 'SELECT count(*) AS count FROM alerts WHERE incident_id = $1 AND withdrawn_at IS NULL'
  return (await row(store, countSchema, sql, [incidentId]))?.count ?? 0
}

/** How an attack stands in an incident: never seen there, seen and standing, or seen and all withdrawn. */
export async function fingerprintStanding(
  tx: Store,
  incidentId: string,
  fingerprint: string,
): Promise<'unknown' | 'standing' | 'withdrawn'> {
  const schema = z.object({ seen: z.number().int(), standing: z.number().int() })
  const sql = `SELECT count(*) AS seen, count(*) FILTER (WHERE withdrawn_at IS NULL) AS standing FROM alerts
    WHERE incident_id = $1 AND fingerprint = $2`
  const found = await row(tx, schema, sql, [incidentId, fingerprint])
  if (!found || found.seen === 0) return 'unknown'
  return found.standing > 0 ? 'standing' : 'withdrawn'
}

/** Incidents with a standing alert in one of these blocks. */
export async function incidentsInBlocks(
  store: Store,
  chainId: number,
  hashes: readonly string[],
): Promise<string[]> {
  const sql = `SELECT DISTINCT incident_id AS id FROM alerts
    WHERE chain_id = $1 AND block_hash = ANY($2) AND withdrawn_at IS NULL ORDER BY 1`
  return (await rows(store, z.object({ id: z.string() }), sql, [chainId, hashes])).map(({ id }) => id)
}
