import { z } from 'zod'
import { hashSchema, hexSchema } from '../model/hex.ts'
import { change, rows, type Store } from './store.ts'

export const attemptSchema = z.object({
  planId: z.string(),
  /** 1 for the first. */
  attempt: z.number().int(),
  nonce: z.number().int(),
  rawTransaction: hexSchema,
  transactionHash: hashSchema,
  /** Why it was signed: first, fee, nonce taken. */
  reason: z.string(),
})
/** One of the transactions signed for a plan. Those with one nonce exclude one another on the chain. */
export type BroadcastAttempt = z.infer<typeof attemptSchema>

const COLUMNS = `plan_id AS "planId", attempt, nonce, raw_transaction AS "rawTransaction",
  transaction_hash AS "transactionHash", reason`

export async function insertAttempt(tx: Store, it: BroadcastAttempt): Promise<void> {
  const sql = `INSERT INTO broadcast_attempts (plan_id, attempt, nonce, raw_transaction, transaction_hash, reason)
    VALUES ($1, $2, $3, $4, $5, $6)`
  await change(tx, sql, [it.planId, it.attempt, it.nonce, it.rawTransaction, it.transactionHash, it.reason])
}

/** All transactions signed for a plan, the first one first. */
export async function listAttempts(store: Store, planId: string): Promise<BroadcastAttempt[]> {
  const sql = `SELECT ${COLUMNS} FROM broadcast_attempts WHERE plan_id = $1 ORDER BY attempt`
  return rows(store, attemptSchema, sql, [planId])
}
