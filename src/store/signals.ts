import { toJson } from '../kit/json.ts'
import { type Signal, signalSchema } from '../model/playbook.ts'
import { change, rows, type Store } from './store.ts'

const COLUMNS = `run_id AS "runId", target, answer, author, roles, note, proof, signature, given_at AS "givenAt"`

/** Stores a signal permanently, in the transaction that puts it on the timeline. */
export async function insertSignal(tx: Store, signal: Signal): Promise<void> {
  const sql = `INSERT INTO signals (run_id, target, answer, author, roles, note, proof, signature, given_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
  const { runId, target, answer, author, roles, note, proof, signature, givenAt } = signal
  await change(tx, sql, [runId, target, answer, author, toJson(roles), note, proof, signature, givenAt])
}

/** Signals for any of the targets of a run, in the order of storage. */
export async function listSignals(
  store: Store,
  runId: string,
  targets: readonly string[],
): Promise<Signal[]> {
  const sql = `SELECT ${COLUMNS} FROM signals WHERE run_id = $1 AND target = ANY($2) ORDER BY position`
  return rows(store, signalSchema, sql, [runId, targets])
}

/** Signals to all runs of an incident from a time on (milliseconds since the epoch), in the order of storage. */
export async function listSignalsOf(store: Store, incidentId: string, since: number): Promise<Signal[]> {
  const sql = `SELECT ${COLUMNS} FROM signals WHERE given_at >= $2
    AND run_id IN (SELECT id FROM runs WHERE incident_id = $1) ORDER BY position`
  return rows(store, signalSchema, sql, [incidentId, since])
}
