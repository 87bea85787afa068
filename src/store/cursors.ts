import { z } from 'zod'
import type { BlockRef } from '../model/block.ts'
import { hashSchema } from '../model/hex.ts'
import { change, row, type Store } from './store.ts'

/** How far a chain was read. */
export type Cursor = { chainId: number; processed: BlockRef | null; finalized: BlockRef | null }

const rowSchema = z
  .object({
    chainId: z.number().int(),
    processedNumber: z.number().int().nullable(),
    processedHash: hashSchema.nullable(),
    finalizedNumber: z.number().int().nullable(),
    finalizedHash: hashSchema.nullable(),
  })
  .transform(
    (found): Cursor => ({
      chainId: found.chainId,
      processed: refOf(found.processedNumber, found.processedHash),
      finalized: refOf(found.finalizedNumber, found.finalizedHash),
    }),
  )

/** How far a chain was read, or undefined where it never was. */
export async function findCursor(store: Store, chainId: number): Promise<Cursor | undefined> {
  const sql = `SELECT chain_id AS "chainId", processed_number AS "processedNumber",
    processed_hash AS "processedHash", finalized_number AS "finalizedNumber", finalized_hash AS "finalizedHash"
    FROM cursors WHERE chain_id = $1`
  return row(store, rowSchema, sql, [chainId])
}

/** Says that all up to this block was processed. May go back: after a reorg it does. */
export async function setProcessed(store: Store, chainId: number, block: BlockRef): Promise<void> {
  const sql = `INSERT INTO cursors (chain_id, processed_number, processed_hash) VALUES ($1, $2, $3)
    ON CONFLICT (chain_id) DO UPDATE SET processed_number = $2, processed_hash = $3`
  await change(store, sql, [chainId, block.number, block.hash])
}

/** Says that this block is final. Never goes back. */
export async function setFinalized(store: Store, chainId: number, block: BlockRef): Promise<void> {
  const sql = `INSERT INTO cursors (chain_id, finalized_number, finalized_hash) VALUES ($1, $2, $3)
    ON CONFLICT (chain_id) DO UPDATE SET finalized_number = $2, finalized_hash = $3
    WHERE coalesce(cursors.finalized_number, -1) <= $2`
  await change(store, sql, [chainId, block.number, block.hash])
}

function refOf(number: number | null, hash: BlockRef['hash']): BlockRef | null {
  return number === null ? null : { number, hash }
}
