import { z } from 'zod'
import { type Broadcast, broadcastSchema } from '../model/containment.ts'
import { hashSchema, hexSchema } from '../model/hex.ts'
import { change, row, rows, type Store, transaction } from './store.ts'

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

/** All that was signed for a plan, the first first. */
export async function listAttempts(store: Store, planId: string): Promise<BroadcastAttempt[]> {
  const sql = `SELECT ${COLUMNS} FROM broadcast_attempts WHERE plan_id = $1 ORDER BY attempt`
  return rows(store, attemptSchema, sql, [planId])
}

export type Replacement = Omit<BroadcastAttempt, 'attempt'> & {
  /** The transaction that it takes the place of: where another worker was faster, nothing is written. */
  instead: string
}

const UPDATE = `UPDATE broadcasts SET nonce = $2, raw_transaction = $3, transaction_hash = $4 WHERE plan_id = $1
  RETURNING plan_id AS "planId", chain_id AS "chainId", from_address AS "from", nonce,
    raw_transaction AS "rawTransaction", transaction_hash AS "transactionHash", state, block_number AS "blockNumber",
    block_hash AS "blockHash"`

/** Keeps a further signed transaction and makes it the plan's broadcast, before it is first sent. Gives what stands. */
export async function replaceBroadcast(store: Store, { instead, ...next }: Replacement): Promise<Broadcast> {
  return transaction(
    store,
    async (tx) => {
      const schema = z.object({ hash: z.string(), attempts: z.number().int() })
      const sql = `SELECT transaction_hash AS hash,
        (SELECT count(*)::int FROM broadcast_attempts WHERE plan_id = $1) AS attempts
        FROM broadcasts WHERE plan_id = $1 AND state IN ('signed', 'sent') FOR UPDATE`
      const standing = await row(tx, schema, sql, [next.planId])
      if (standing?.hash === instead) {
        await insertAttempt(tx, { ...next, attempt: standing.attempts + 1 })
        return adopt(tx, next)
      }
      const same = `SELECT nonce, raw_transaction AS "rawTransaction", transaction_hash AS "transactionHash",
        plan_id AS "planId" FROM broadcasts WHERE plan_id = $1`
      return adopt(tx, adoptableSchema.parse(await row(tx, adoptableSchema, same, [next.planId])))
    },
    { idempotent: true },
  )
}

const adoptableSchema = attemptSchema.omit({ attempt: true, reason: true })

/** Makes one of a plan's attempts its broadcast: the one that was mined, say. */
export async function adopt(
  store: Store,
  { planId, nonce, rawTransaction, transactionHash }: z.infer<typeof adoptableSchema>,
): Promise<Broadcast> {
  const found = await row(store, broadcastSchema, UPDATE, [planId, nonce, rawTransaction, transactionHash])
  return broadcastSchema.parse(found)
}
