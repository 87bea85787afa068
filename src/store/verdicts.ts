import { z } from 'zod'
import { findingSchema } from '../model/finding.ts'
import { type Verdict, verdictSchema, verdicts } from '../model/incident.ts'
import { change, row, rows, type Store } from './store.ts'

const COLUMNS = `incident_id AS "incidentId", verdict, author, reason, given_at AS "givenAt"`

/** Adds a verdict; the database rejects its change or removal. */
export async function insertVerdict(tx: Store, verdict: Verdict): Promise<void> {
  const sql = `INSERT INTO verdicts (incident_id, verdict, author, reason, given_at) VALUES ($1, $2, $3, $4, $5)`
  const { incidentId, author, reason, givenAt } = verdict
  await change(tx, sql, [incidentId, verdict.verdict, author, reason, givenAt])
}

/** The newest verdict on an incident. */
export async function findVerdict(store: Store, incidentId: string): Promise<Verdict | undefined> {
  const sql = `SELECT ${COLUMNS} FROM verdicts WHERE incident_id = $1 ORDER BY position DESC LIMIT 1`
  return row(store, verdictSchema, sql, [incidentId])
}

const judgedAlertSchema = z.object({
  incidentId: z.string(),
  chainId: z.number().int(),
  verdict: z.enum(verdicts),
  transactionHash: z.string(),
  findings: z.array(findingSchema),
  score: z.number().nullable(),
})
export type JudgedAlertRow = z.infer<typeof judgedAlertSchema>

/** Standing alerts about transactions, in incidents that a person has judged, by the newest verdict; drills left out. */
export async function listJudgedAlerts(store: Store): Promise<JudgedAlertRow[]> {
  const sql = `SELECT alerts.incident_id AS "incidentId", alerts.chain_id AS "chainId", newest.verdict,
      document->>'transactionHash' AS "transactionHash", document->'findings' AS findings,
      (document->'assessment'->>'score')::float8 AS score
    FROM alerts JOIN incidents ON incidents.id = alerts.incident_id
    JOIN LATERAL (SELECT verdict FROM verdicts WHERE verdicts.incident_id = alerts.incident_id
      ORDER BY position DESC LIMIT 1) newest ON true
    WHERE withdrawn_at IS NULL AND NOT pending AND incidents.kind <> 'drill'
      AND document->>'transactionHash' IS NOT NULL ORDER BY alerts.position`
  return rows(store, judgedAlertSchema, sql)
}
