import { assert } from '../kit/assert.ts'
import { type CursorMove, cursorMoveSchema } from '../model/cursor-move.ts'
import { change, row, rows, type Store, transaction } from './store.ts'

const COLUMNS = `position, chain_id AS "chainId", from_number AS "from", to_number AS "to", author, reason,
  moved_at AS "movedAt"`

/** Records which blocks are to be skipped; applied at the next start of that chain's watcher. */
export async function insertCursorMove(
  store: Store,
  move: Omit<CursorMove, 'position'>,
): Promise<CursorMove> {
  const sql = `INSERT INTO cursor_moves (chain_id, from_number, to_number, author, reason, moved_at)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`
  const { chainId, from, to, author, reason, movedAt } = move
  return transaction(store, async (tx) => {
    const inserted = await row(tx, cursorMoveSchema, sql, [chainId, from, to, author, reason, movedAt])
    assert(inserted !== undefined, 'an insert gives back its row')
    return inserted
  })
}

/** Moves of a chain's cursor after a position, oldest first. */
export async function listCursorMoves(store: Store, chainId: number, after = 0): Promise<CursorMove[]> {
  const sql = `SELECT ${COLUMNS} FROM cursor_moves WHERE chain_id = $1 AND position > $2 ORDER BY position`
  return rows(store, cursorMoveSchema, sql, [chainId, after])
}

/**
 * Applies a move: everything before `to` counts as processed, unless it does already. Once: a repetition changes
 * nothing.
 */
export async function applyCursorMove(store: Store, move: CursorMove): Promise<void> {
  const sql = `UPDATE cursors SET moves_applied = $2,
      processed_hash = CASE WHEN processed_number < $3 THEN NULL ELSE processed_hash END,
      processed_number = greatest(processed_number, $3)
    WHERE chain_id = $1 AND moves_applied < $2`
  await change(store, sql, [move.chainId, move.position, move.to - 1])
}
