import type { SourceNotice } from '../../model/block.ts'
import type { CursorMove } from '../../model/cursor-move.ts'
import { applyCursorMove, listCursorMoves } from '../../store/cursor-moves.ts'
import { findCursor } from '../../store/cursors.ts'
import type { App, ChainHandle } from '../context.ts'

type Moving = { app: App; chain: ChainHandle; tell: (notice: SourceNotice) => void }

/** Skips the blocks that people have skipped since the last start, and reports who did. */
export async function carryOutMoves({ app, chain, tell }: Moving): Promise<void> {
  const cursor = await findCursor(app.store, chain.chainId)
  if (cursor === undefined) return
  let next = cursor.processed === null ? 0 : cursor.processed.number + 1
  for (const move of await listCursorMoves(app.store, chain.chainId, cursor.movesApplied)) {
    await applyCursorMove(app.store, move)
    tell(moveNotice(move, next))
    next = Math.max(next, move.to)
  }
}

function moveNotice(move: CursorMove, next: number): SourceNotice {
  const { author, reason, to } = move
  const message =
    next < to
      ? `Blocks ${next} to ${to - 1} are skipped and were never inspected: ${author} moved the cursor (${reason}).`
      : `${author} moved the cursor to block ${to} (${reason}), but Cordon had inspected all blocks before it: nothing is skipped.`
  return { code: 'cursor-moved', message, facts: { ...move, next } }
}
