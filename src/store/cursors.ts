import { z } from 'zod'
import type { BlockRef } from '../model/block.ts'
import { hashSchema } from '../model/hex.ts'
import { change, row, rows, type Store, transaction } from './store.ts'

/** The reading position of a chain. */
export type Cursor = {
  chainId: number
  processed: BlockRef | null
  finalized: BlockRef | null
  /** The first block that detectors ever saw, learning included; null where it is not on record. */
  first: number | null
  /** Position of the newest applied move of this cursor. */
  movesApplied: number
}

const rowSchema = z
  .object({
    chainId: z.number().int(),
    processedNumber: z.number().int().nullable(),
    processedHash: hashSchema.nullable(),
    finalizedNumber: z.number().int().nullable(),
    finalizedHash: hashSchema.nullable(),
    first: z.number().int().nullable(),
    movesApplied: z.number().int(),
  })
  .transform(
    (found): Cursor => ({
      chainId: found.chainId,
      processed: refOf(found.processedNumber, found.processedHash),
      finalized: refOf(found.finalizedNumber, found.finalizedHash),
      first: found.first,
      movesApplied: found.movesApplied,
    }),
  )

const COLUMNS = `chain_id AS "chainId", processed_number AS "processedNumber",
  processed_hash AS "processedHash", finalized_number AS "finalizedNumber", finalized_hash AS "finalizedHash",
  first_number AS first, moves_applied AS "movesApplied"`

/** The reading position of a chain, or undefined where it was never read. */
export async function findCursor(store: Store, chainId: number): Promise<Cursor | undefined> {
  return row(store, rowSchema, `SELECT ${COLUMNS} FROM cursors WHERE chain_id = $1`, [chainId])
}

/** The reading position of each chain, by chain. */
export async function listCursors(store: Store): Promise<Cursor[]> {
  return rows(store, rowSchema, `SELECT ${COLUMNS} FROM cursors ORDER BY chain_id`)
}

/**
 * Records that everything up to this block was processed. It may go back, which it does after a reorg; then the removed
 * blocks are no longer among the recent ones. The first block ever processed is the first one that detectors saw.
 */
export async function setProcessed(store: Store, chainId: number, block: BlockRef): Promise<void> {
  const sql = `INSERT INTO cursors (chain_id, processed_number, processed_hash, first_number) VALUES ($1, $2, $3, $2)
    ON CONFLICT (chain_id) DO UPDATE SET processed_number = $2, processed_hash = $3,
      first_number = coalesce(cursors.first_number, $2)`
  await transaction(
    store,
    async (tx) => {
      await change(tx, sql, [chainId, block.number, block.hash])
      await change(tx, 'DELETE FROM recent_blocks WHERE chain_id = $1 AND number > $2', [
        chainId,
        block.number,
      ])
    },
    { idempotent: true },
  )
}

/** Records which block detectors see first, before any is processed. An earlier value stays. */
export async function setFirst(store: Store, chainId: number, first: number): Promise<void> {
  const sql = `INSERT INTO cursors (chain_id, first_number) VALUES ($1, $2)
    ON CONFLICT (chain_id) DO UPDATE SET first_number = least(cursors.first_number, $2)`
  await change(store, sql, [chainId, first])
}

/** Records that this block is final. Never goes back. */
export async function setFinalized(store: Store, chainId: number, block: BlockRef): Promise<void> {
  const sql = `INSERT INTO cursors (chain_id, finalized_number, finalized_hash) VALUES ($1, $2, $3)
    ON CONFLICT (chain_id) DO UPDATE SET finalized_number = $2, finalized_hash = $3
    WHERE coalesce(cursors.finalized_number, -1) <= $2`
  await change(store, sql, [chainId, block.number, block.hash])
}

function refOf(number: number | null, hash: BlockRef['hash']): BlockRef | null {
  return number === null ? null : { number, hash }
}
