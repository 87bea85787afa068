import { systemClock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import type { CursorMove } from '../model/cursor-move.ts'
import { insertCursorMove, listCursorMoves } from '../store/cursor-moves.ts'
import { type Cursor, findCursor, listCursors } from '../store/cursors.ts'
import { openDatabase } from '../store/database.ts'
import { listSnapshots } from '../store/snapshots.ts'

/** How far one chain was read, and the data that a restart resumes from. */
export type ChainStanding = Cursor & {
  /** The newest snapshot of detector state: its final block, time (milliseconds) and size (bytes, packed). */
  snapshot: { final: number; takenAt: number; bytes: number } | null
  /** Moves that the next start carries out. */
  waiting: CursorMove[]
}

export type Skip = { chainId: number; to: number; author: string; reason: string }

/** The cursors of all recorded chains, to read and move: next to a running Cordon or without one. */
export type ChainCursors = {
  list(): Promise<ChainStanding[]>
  /** Throws `app.ChainNeverRead`, `app.NothingSkipped`. */
  skip(skip: Skip): Promise<CursorMove>
  close(): Promise<void>
}

export type CursorsOptions = {
  dataDir: string
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
}

/** Opens the database of a data folder. Throws the errors of the store room. */
export async function openCursors({ dataDir, env, logger }: CursorsOptions): Promise<ChainCursors> {
  const { store, close } = await openDatabase({ dataDir, env, logger })
  return {
    async list() {
      const snapshots = new Map((await listSnapshots(store)).map(({ chainId, ...kept }) => [chainId, kept]))
      const cursors = await listCursors(store)
      return Promise.all(
        cursors.map(async (cursor) => ({
          ...cursor,
          snapshot: snapshots.get(cursor.chainId) ?? null,
          waiting: await listCursorMoves(store, cursor.chainId, cursor.movesApplied),
        })),
      )
    },
    async skip({ chainId, to, author, reason }) {
      const cursor = await findCursor(store, chainId)
      if (cursor === undefined || cursor.processed === null) throw neverRead(chainId)
      const from = cursor.processed.number + 1
      if (to <= from) throw nothingSkipped({ chainId, from, to })
      return insertCursorMove(store, { chainId, from, to, author, reason, movedAt: systemClock.now() })
    },
    close,
  }
}

function neverRead(chainId: number): CordonError {
  return new CordonError({
    code: 'app.ChainNeverRead',
    message: `Chain ${chainId} was never read, so there is nothing to skip.`,
    facts: { chainId },
    fix: 'See `cordon chains list`; chains[].fromBlock in the configuration sets the first block of a new chain.',
  })
}

function nothingSkipped(facts: { chainId: number; from: number; to: number }): CordonError {
  return new CordonError({
    code: 'app.NothingSkipped',
    message: `Block ${facts.from} of chain ${facts.chainId} is read next: continuing with block ${facts.to} skips nothing.`,
    facts,
    fix: `Give --to a block above ${facts.from}: reading continues there.`,
  })
}
