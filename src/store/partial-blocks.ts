import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { hashSchema } from '../model/hex.ts'
import type { PartialBlock } from '../model/vitals.ts'
import { change, row, rows, type Store } from './store.ts'

const gapSchema = z.object({
  transactionHash: hashSchema,
  missing: z.enum(['traces', 'receipt']),
  reason: z.string(),
  isOwnFault: z.boolean(),
})

const rowSchema = z
  .object({
    blockNumber: z.number().int(),
    blockHash: hashSchema,
    timestamp: z.number().int().nullable(),
    gaps: z.array(gapSchema),
    blindDetectors: z.array(z.string()),
    state: z.enum(['open', 'healed', 'given-up']),
  })
  .transform(
    ({ blockNumber, blockHash, ...found }): PartialBlock => ({
      ...found,
      block: { number: blockNumber, hash: blockHash },
    }),
  )

const COLUMNS = `block_number AS "blockNumber", block_hash AS "blockHash", block_timestamp AS timestamp, gaps,
  blind_detectors AS "blindDetectors", state`

/** Records that a block was judged in part; an existing entry stays unchanged. */
export async function insertPartialBlock(
  store: Store,
  chainId: number,
  partial: PartialBlock,
  at: number,
): Promise<void> {
  const sql = `INSERT INTO partial_blocks (chain_id, block_number, block_hash, block_timestamp, gaps, blind_detectors,
    state, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
  const { block, timestamp, gaps, blindDetectors, state } = partial
  const values = [block.number, block.hash, timestamp, toJson(gaps), toJson(blindDetectors), state]
  await change(store, sql, [chainId, ...values, at])
}

/** Records the result of reading a partial block again. */
export async function settlePartialBlock(
  store: Store,
  chainId: number,
  { hash, state, at }: { hash: string; state: 'healed' | 'given-up'; at: number },
): Promise<void> {
  const sql = `UPDATE partial_blocks SET state = $3, settled_at = $4 WHERE chain_id = $1 AND block_hash = $2
    AND state = 'open'`
  await change(store, sql, [chainId, hash, state, at])
}

/** Partial blocks that are to be read again, newest first, at most `limit`. */
export async function listOpenPartialBlocks(
  store: Store,
  chainId: number,
  limit: number,
): Promise<PartialBlock[]> {
  const sql = `SELECT ${COLUMNS} FROM partial_blocks WHERE chain_id = $1 AND state = 'open'
    ORDER BY block_number DESC LIMIT $2`
  return rows(store, rowSchema, sql, [chainId, limit])
}

/** The number of partial blocks given up since a time (milliseconds). */
export async function countGivenUp(store: Store, chainId: number, since: number): Promise<number> {
  const sql = `SELECT count(*) AS count FROM partial_blocks WHERE chain_id = $1 AND state = 'given-up'
    AND settled_at >= $2`
  const schema = z.object({ count: z.number().int() })
  return (await row(store, schema, sql, [chainId, since]))?.count ?? 0
}
