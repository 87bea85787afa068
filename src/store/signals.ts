import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type Signal, signalSchema } from '../model/playbook.ts'
import { change, row, rows, type Store } from './store.ts'

const COLUMNS = `run_id AS "runId", target, answer, author, roles, note, proof, signature, given_at AS "givenAt"`

/** Keeps a signal for ever, in the transaction that puts it on the timeline. */
export async function insertSignal(tx: Store, signal: Signal): Promise<void> {
  const sql = `INSERT INTO signals (run_id, target, answer, author, roles, note, proof, signature, given_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
  const { runId, target, answer, author, roles, note, proof, signature, givenAt } = signal
  await change(tx, sql, [runId, target, answer, author, toJson(roles), note, proof, signature, givenAt])
}

/** Signals for any of the targets of a run, in the order they were kept. */
export async function listSignals(
  store: Store,
  runId: string,
  targets: readonly string[],
): Promise<Signal[]> {
  const sql = `SELECT ${COLUMNS} FROM signals WHERE run_id = $1 AND target = ANY($2) ORDER BY position`
  return rows(store, signalSchema, sql, [runId, targets])
}

const newSchema = z.object({ position: z.number().int(), runId: z.string() })
export type NewSignal = z.infer<typeof newSchema>

/** Which runs were signalled after a place in the record. */
export async function listSignalsAfter(store: Store, position: number): Promise<NewSignal[]> {
  const sql = `SELECT position, run_id AS "runId" FROM signals WHERE position > $1 ORDER BY position LIMIT 10000`
  return rows(store, newSchema, sql, [position])
}

/** The place of the newest signal; 0 where there is none. */
export async function lastSignalPosition(store: Store): Promise<number> {
  const sql = 'SELECT coalesce(max(position), 0) AS position FROM signals'
  return (await row(store, z.object({ position: z.number().int() }), sql))?.position ?? 0
}
