import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import type { Alert } from '../model/alert.ts'
import { type Finding, findingSchema } from '../model/finding.ts'
import { change, rows, type Store } from './store.ts'

/** Writes the findings of alerts that are in their incidents; existing ones stay unchanged. */
export async function insertFindings(
  tx: Store,
  added: readonly { incidentId: string; alert: Alert }[],
): Promise<void> {
  const sql = `INSERT INTO findings (incident_id, alert_hash, ordinal, fingerprint, detector, severity,
    transaction_hash, document)
    SELECT a, b, c, d, e, f, g, h::json FROM unnest($1::text[], $2::text[], $3::int4[], $4::text[], $5::text[],
      $6::text[], $7::text[], $8::text[]) AS given (a, b, c, d, e, f, g, h) ON CONFLICT DO NOTHING`
  const all = added.flatMap(({ incidentId, alert }) =>
    alert.findings.map((finding, ordinal) => ({ incidentId, alertHash: alert.alertHash, ordinal, finding })),
  )
  await change(tx, sql, [
    all.map(({ incidentId }) => incidentId),
    all.map(({ alertHash }) => alertHash),
    all.map(({ ordinal }) => ordinal),
    all.map(({ finding }) => finding.fingerprint),
    all.map(({ finding }) => finding.detector),
    all.map(({ finding }) => finding.severity),
    all.map(({ finding }) => finding.transactionHash),
    all.map(({ finding }) => toJson(finding)),
  ])
}

/** All findings of an incident, including those of withdrawn alerts, in the order in which they were recorded. */
export async function listFindings(store: Store, incidentId: string): Promise<Finding[]> {
  const sql = `SELECT findings.document FROM findings JOIN alerts USING (incident_id, alert_hash)
    WHERE incident_id = $1 ORDER BY alerts.position, ordinal`
  const found = await rows(store, z.object({ document: findingSchema }), sql, [incidentId])
  return found.map(({ document }) => document)
}
