import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type Hash, hashSchema } from '../model/hex.ts'
import { change, rows, type Store, transaction } from './store.ts'

/** A processed block; `observed` is the data seen in addition to the block itself, as JSON. */
export type RecentBlock = { number: number; hash: Hash; observed: unknown }

const blockSchema = z.object({ number: z.number().int(), hash: hashSchema, observed: z.unknown() })

/**
 * Stores blocks among the recent ones. Those more than `window` blocks below the newest are removed once no replay
 * needs them; a replay needs those of a snapshot. A chain without a snapshot keeps ten windows.
 */
export async function keepRecentBlocks(
  store: Store,
  chainId: number,
  { blocks, window }: { blocks: readonly RecentBlock[]; window: number },
): Promise<void> {
  // a statement may change a row once: of two blocks at a height the later one is kept
  const last = [...new Map(blocks.map((block) => [block.number, block])).values()]
  const newest = last.at(-1)
  if (newest === undefined) return
  const insert = `INSERT INTO recent_blocks (chain_id, number, hash, observed)
    SELECT $1, number, hash, observed::json FROM unnest($2::int8[], $3::text[], $4::text[]) AS given (number, hash, observed)
    ON CONFLICT (chain_id, number) DO UPDATE SET hash = excluded.hash, observed = excluded.observed`
  const sweep = `DELETE FROM recent_blocks WHERE chain_id = $1 AND number < $2
    AND number <= coalesce((SELECT max(final_number) FROM snapshots WHERE chain_id = $1), $3)`
  await transaction(store, async (tx) => {
    await change(tx, insert, [
      chainId,
      last.map(({ number }) => number),
      last.map(({ hash }) => hash),
      last.map(({ observed }) => toJson(observed)),
    ])
    await change(tx, sweep, [chainId, newest.number - window, newest.number - 10 * window])
  })
}

/** The recent blocks of a chain up to this height, oldest first. */
export async function listRecentBlocks(store: Store, chainId: number, upTo: number): Promise<RecentBlock[]> {
  const sql = `SELECT number, hash, observed FROM recent_blocks WHERE chain_id = $1 AND number <= $2 ORDER BY number`
  return rows(store, blockSchema, sql, [chainId, upTo])
}
