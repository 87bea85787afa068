import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import type { Alert } from '../model/alert.ts'
import { type Finding, findingSchema } from '../model/finding.ts'
import { change, rows, type Store } from './store.ts'

/** Writes the findings of an alert that is in the incident; those already there stay. */
export async function insertFindings(tx: Store, incidentId: string, alert: Alert): Promise<void> {
  const sql = `INSERT INTO findings (incident_id, alert_hash, ordinal, fingerprint, detector, severity,
    transaction_hash, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
  for (const [ordinal, finding] of alert.findings.entries()) {
    const { fingerprint, detector, severity, transactionHash } = finding
    const named = [fingerprint, detector, severity, transactionHash]
    await change(tx, sql, [incidentId, alert.alertHash, ordinal, ...named, toJson(finding)])
  }
}

/** All findings of an incident, withdrawn alerts' included, in the order in which they were recorded. */
export async function listFindings(store: Store, incidentId: string): Promise<Finding[]> {
  const sql = `SELECT findings.document FROM findings JOIN alerts USING (incident_id, alert_hash)
    WHERE incident_id = $1 ORDER BY alerts.position, ordinal`
  const found = await rows(store, z.object({ document: findingSchema }), sql, [incidentId])
  return found.map(({ document }) => document)
}
