import { type RecordedAlert, recordedAlertSchema } from './alerts.ts'
import { change, rows, type Store } from './store.ts'

/** An alert that requires a response. */
export type OwedAnswer = { incidentId: string; alertHash: string; owedAt: number }

const COLUMNS = `alerts.incident_id AS "incidentId", recorded_at AS "recordedAt", withdrawn_at AS "withdrawnAt",
  document AS alert`

/** Records that alerts are owed an answer, in the transaction that records them. */
export async function insertOwed(tx: Store, owed: readonly OwedAnswer[]): Promise<void> {
  if (owed.length === 0) return
  const sql = `INSERT INTO owed_answers (incident_id, alert_hash, owed_at)
    SELECT a, b, c FROM unnest($1::text[], $2::text[], $3::int8[]) WITH ORDINALITY AS given (a, b, c, n) ORDER BY n`
  await change(tx, sql, [
    owed.map(({ incidentId }) => incidentId),
    owed.map(({ alertHash }) => alertHash),
    owed.map(({ owedAt }) => owedAt),
  ])
}

/** A run that has not passed its answering part: alerts meanwhile wait for its end, or it takes them up. */
const ANSWERING = `SELECT 1 FROM runs WHERE runs.incident_id = incidents.id AND runs.state = 'running'
  AND (NOT answered OR containing <> '{}')`

/**
 * The unanswered standing alerts, oldest first, of open incidents that no run is answering: each of these incidents is
 * due a new attempt.
 */
export async function listDue(
  store: Store,
  of: { incidentIds: readonly string[] } | { chainId: number },
): Promise<RecordedAlert[]> {
  const sql = `SELECT ${COLUMNS} FROM owed_answers JOIN alerts USING (incident_id, alert_hash)
    JOIN incidents ON incidents.id = owed_answers.incident_id
    WHERE answered_by IS NULL AND withdrawn_at IS NULL AND incidents.state = 'open'
      AND ($1::text[] IS NULL OR incidents.id = ANY($1)) AND ($2::int8 IS NULL OR incidents.chain_id = $2)
      AND NOT EXISTS (${ANSWERING}) ORDER BY owed_answers.position`
  const ids = 'incidentIds' in of ? of.incidentIds : null
  const chainId = 'chainId' in of ? of.chainId : null
  return rows(store, recordedAlertSchema, sql, [ids, chainId])
}

/** Records the answer to these incidents' unanswered alerts: a run each, or the state that ended it. */
export async function takeOwed(
  tx: Store,
  takers: readonly { incidentId: string; by: string }[],
): Promise<void> {
  if (takers.length === 0) return
  const sql = `UPDATE owed_answers SET answered_by = taker FROM unnest($1::text[], $2::text[]) AS given (incident, taker)
    WHERE incident_id = incident AND answered_by IS NULL`
  await change(tx, sql, [takers.map(({ incidentId }) => incidentId), takers.map(({ by }) => by)])
}

/** The standing alerts that a run answers, oldest first; one that is owed twice appears once, in its last place. */
export async function listTakenBy(store: Store, runId: string): Promise<RecordedAlert[]> {
  const sql = `SELECT ${COLUMNS} FROM alerts JOIN (SELECT incident_id, alert_hash, max(position) AS place FROM owed_answers
      WHERE answered_by = $1 GROUP BY 1, 2) AS taken USING (incident_id, alert_hash)
    WHERE withdrawn_at IS NULL ORDER BY place`
  return rows(store, recordedAlertSchema, sql, [runId])
}
