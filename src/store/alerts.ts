import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type Alert, alertSchema } from '../model/alert.ts'
import { change, row, rows, type Store } from './store.ts'

/** An alert in the record of an incident. */
export const recordedAlertSchema = z.object({
  incidentId: z.string(),
  recordedAt: z.number().int(),
  /** When a reorg removed its block, in milliseconds; null while it stands. */
  withdrawnAt: z.number().int().nullable(),
  alert: alertSchema,
})
export type RecordedAlert = z.infer<typeof recordedAlertSchema>

const COLUMNS = `alerts.incident_id AS "incidentId", recorded_at AS "recordedAt", withdrawn_at AS "withdrawnAt",
  document AS alert`

export type NewAlert = { incidentId: string; alert: Alert; recordedAt: number }

/** Adds alerts to their incidents, in this order; existing ones stay unchanged. */
export async function insertAlerts(tx: Store, added: readonly NewAlert[]): Promise<void> {
  const sql = `INSERT INTO alerts (incident_id, alert_hash, fingerprint, chain_id, block_number, block_hash, pending,
    recorded_at, document)
    SELECT a, b, c, d, e, f, g, h, i::json FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::int8[],
      $6::text[], $7::boolean[], $8::int8[], $9::text[]) WITH ORDINALITY AS given (a, b, c, d, e, f, g, h, i, n)
    ORDER BY n ON CONFLICT DO NOTHING`
  const column = <T>(of: (item: NewAlert) => T): T[] => added.map(of)
  await change(tx, sql, [
    column(({ incidentId }) => incidentId),
    column(({ alert }) => alert.alertHash),
    column(({ alert }) => alert.fingerprint),
    column(({ alert }) => alert.chainId),
    column(({ alert }) => alert.blockNumber),
    column(({ alert }) => alert.blockHash),
    column(({ alert }) => alert.pending),
    column(({ recordedAt }) => recordedAt),
    column(({ alert }) => toJson(alert)),
  ])
}

/** All alerts of an incident, in the order in which they were recorded. */
export async function listAlerts(store: Store, incidentId: string): Promise<RecordedAlert[]> {
  const sql = `SELECT ${COLUMNS} FROM alerts WHERE incident_id = $1 ORDER BY position`
  return rows(store, recordedAlertSchema, sql, [incidentId])
}

const standingSchema = z.object({
  incidentId: z.string(),
  alertHash: z.string(),
  fingerprint: z.string(),
  isWithdrawn: z.boolean(),
})
/** The standing of an alert in an incident. */
export type AlertStanding = z.infer<typeof standingSchema>

/** Where exactly these alerts, or others about the same attacks, are already recorded; oldest first. */
export async function listStandings(
  tx: Store,
  alerts: readonly Pick<Alert, 'alertHash' | 'fingerprint'>[],
): Promise<AlertStanding[]> {
  const sql = `SELECT incident_id AS "incidentId", alert_hash AS "alertHash", fingerprint,
      withdrawn_at IS NOT NULL AS "isWithdrawn"
    FROM alerts WHERE alert_hash = ANY($1) OR fingerprint = ANY($2) ORDER BY position`
  const hashes = alerts.map(({ alertHash }) => alertHash)
  const fingerprints = alerts.map(({ fingerprint }) => fingerprint)
  return rows(tx, standingSchema, sql, [hashes, fingerprints])
}

/** Holds locks on attacks' fingerprints until the transaction ends, so that two processes create only one incident. */
export async function lockFingerprints(tx: Store, fingerprints: readonly string[]): Promise<void> {
  // in one order everywhere, so that two processes cannot deadlock
  const sql = `SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(name, 7264002) AS key
    FROM unnest($1::text[]) AS given (name) ORDER BY 1) AS keys`
  await change(tx, sql, [fingerprints])
}

/**
 * Marks as withdrawn the standing alerts of an incident in these blocks, with pending alerts about the same attack (the
 * removed block fulfilled them). Returns the mined ones.
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

/** Reinstates withdrawn alerts. */
export async function reviveAlerts(
  tx: Store,
  alerts: readonly Pick<AlertStanding, 'incidentId' | 'alertHash'>[],
): Promise<void> {
  const sql = `UPDATE alerts SET withdrawn_at = NULL FROM unnest($1::text[], $2::text[]) AS given (incident, hash)
    WHERE incident_id = incident AND alert_hash = hash`
  const columns = [alerts.map(({ incidentId }) => incidentId), alerts.map(({ alertHash }) => alertHash)]
  await change(tx, sql, columns)
}

const countSchema = z.object({ count: z.number().int() })

/** The number of standing alerts of an incident. */
export async function countLiveAlerts(store: Store, incidentId: string): Promise<number> {
  const sql = 'SELECT count(*) AS count FROM alerts WHERE incident_id = $1 AND withdrawn_at IS NULL'
  return (await row(store, countSchema, sql, [incidentId]))?.count ?? 0
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
