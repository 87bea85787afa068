import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import type { BlockRef } from '../model/block.ts'
import { type Hash, hashSchema } from '../model/hex.ts'
import { change, rows, type Store, transaction } from './store.ts'

/** A processed block; `observed` is what was seen beside the block itself, as JSON. */
export type RecentBlock = { number: number; hash: Hash; observed: unknown }

const blockSchema = z.object({ number: z.number().int(), hash: hashSchema, observed: z.unknown() })

/** Blocks between two sweeps of what is too old. */
const SWEEP_EVERY = 32

/**
 * Keeps a block among the recent ones. Those more than `window` blocks below it go once no replay needs them, which are those
 * of a snapshot; a chain without one keeps ten windows.
 */
export async function keepRecentBlock(
  store: Store,
  chainId: number,
  { block, window }: { block: BlockRef & { observed: unknown }; window: number },
): Promise<void> {
  const { number, hash, observed } = block
  if (hash === null) return
  const insert = `INSERT INTO recent_blocks (chain_id, number, hash, observed) VALUES ($1, $2, $3, $4)
    ON CONFLICT (chain_id, number) DO UPDATE SET hash = $3, observed = $4`
  const sweep = `DELETE FROM recent_blocks WHERE chain_id = $1 AND number < $2
    AND number <= coalesce((SELECT max(final_number) FROM snapshots WHERE chain_id = $1), $3)`
  await transaction(store, async (tx) => {
    await change(tx, insert, [chainId, number, hash, toJson(observed)])
    if (number % SWEEP_EVERY === 0) await change(tx, sweep, [chainId, number - window, number - 10 * window])
  })
}

/** The recent blocks of a chain up to this height, oldest first. */
export async function listRecentBlocks(store: Store, chainId: number, upTo: number): Promise<RecentBlock[]> {
  const sql = `SELECT number, hash, observed FROM recent_blocks WHERE chain_id = $1 AND number <= $2 ORDER BY number`
  return rows(store, blockSchema, sql, [chainId, upTo])
}
