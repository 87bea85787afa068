import { z } from 'zod'
import { hashSchema } from '../model/hex.ts'
import { change, row, type Store, transaction } from './store.ts'

/** One call that pulls a lever. */
export type LeverCall = { chainId: number; target: string; calldata: string }

export type Taking = LeverCall & {
  planId: string
  runId: string
  /** No person decided it: it counts against `most` within `sinceMs`. */
  automatic: { most: number; sinceMs: number } | null
  /** Milliseconds since the epoch. */
  now: number
}

export type TakenLever =
  | { kind: 'taken' }
  /** Another plan pulls it now; its transaction, null while it is not signed. */
  | { kind: 'under-way'; planId: string; transactionHash: string | null }
  /** The number of times it was pulled without people since then. */
  | { kind: 'limited'; pulls: number }

/**
 * Takes a lever for a plan, or returns why not: of two plans that pull it at once, of one incident or two, one is sent.
 * A plan that has taken it keeps it, unless the pull of another is in the pool again after a reorg. One decision per
 * lever at a time.
 */
export async function takeLever(store: Store, taking: Taking): Promise<TakenLever> {
  const { planId, runId, chainId, target, calldata, automatic, now } = taking
  return transaction(
    store,
    async (tx): Promise<TakenLever> => {
      const lock = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 7264004))'
      await change(tx, lock, [`${chainId}:${target}:${calldata}`])
      const own = 'SELECT plan_id AS id FROM lever_pulls WHERE plan_id = $1'
      const isOwn = (await row(tx, z.object({ id: z.string() }), own, [planId])) !== undefined
      const other = await underWay(tx, taking)
      if (isOwn && other?.transactionHash == null) return { kind: 'taken' }
      if (other !== undefined) return { kind: 'under-way', ...other }
      if (automatic !== null) {
        const pulls = await countAutomatic(tx, { ...taking, since: now - automatic.sinceMs })
        if (pulls >= automatic.most) return { kind: 'limited', pulls }
      }
      const sql = `INSERT INTO lever_pulls (plan_id, run_id, chain_id, target, calldata, is_automatic, taken_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)`
      await change(tx, sql, [planId, runId, chainId, target, calldata, automatic !== null, now])
      return { kind: 'taken' }
    },
    { idempotent: true },
  )
}

const otherSchema = z.object({ planId: z.string(), transactionHash: hashSchema.nullable() })

/** Signed and not mined, or about to be signed by a running step. */
async function underWay(tx: Store, { planId, chainId, target, calldata }: Taking) {
  const sql = `SELECT lever_pulls.plan_id AS "planId", transaction_hash AS "transactionHash"
    FROM lever_pulls JOIN runs ON runs.id = run_id LEFT JOIN broadcasts USING (plan_id)
    WHERE lever_pulls.chain_id = $1 AND target = $2 AND calldata = $3 AND lever_pulls.plan_id <> $4
      AND (broadcasts.state IN ('signed', 'sent')
        OR (broadcasts.state IS NULL AND runs.state = 'running' AND containing <> '{}'))
    ORDER BY transaction_hash IS NULL, taken_at DESC LIMIT 1`
  return row(tx, otherSchema, sql, [chainId, target, calldata, planId])
}

async function countAutomatic(
  tx: Store,
  { chainId, target, calldata, since }: LeverCall & { since: number },
): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM lever_pulls JOIN broadcasts USING (plan_id)
    WHERE lever_pulls.chain_id = $1 AND target = $2 AND calldata = $3 AND is_automatic AND taken_at > $4`
  const found = await row(tx, z.object({ count: z.number().int() }), sql, [chainId, target, calldata, since])
  return found?.count ?? 0
}

const pullSchema = z.object({
  planId: z.string(),
  transactionHash: hashSchema,
  blockNumber: z.number().int().nullable(),
  blockHash: hashSchema.nullable(),
  isTended: z.boolean(),
})
export type LastPull = z.infer<typeof pullSchema>

/**
 * The newest signed pull of a lever by a plan other than this one; its block is null while it is not mined. `isTended`:
 * its incident is open or contained, so the watcher keeps its transaction alive.
 */
export async function lastPull(
  store: Store,
  { chainId, target, calldata, planId }: LeverCall & { planId: string },
): Promise<LastPull | undefined> {
  const sql = `SELECT plan_id AS "planId", transaction_hash AS "transactionHash", block_number AS "blockNumber",
      block_hash AS "blockHash", incidents.state IN ('open', 'contained') AS "isTended"
    FROM lever_pulls JOIN broadcasts USING (plan_id) JOIN plans ON plans.id = plan_id JOIN incidents ON incidents.id = incident_id
    WHERE lever_pulls.chain_id = $1 AND target = $2 AND calldata = $3 AND plan_id <> $4
      AND broadcasts.state IN ('signed', 'sent', 'mined') ORDER BY taken_at DESC LIMIT 1`
  return row(store, pullSchema, sql, [chainId, target, calldata, planId])
}
