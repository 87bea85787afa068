import { snapshotsOf } from '../../detect/engine/snapshot.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockRef, SourceNotice } from '../../model/block.ts'
import { replaceSnapshot, type StoredState } from '../../store/snapshots.ts'
import type { App, ChainHandle } from '../context.ts'
import { bytesOf, packBytes } from './state-bytes.ts'
import { fitOfSurroundings, SURROUNDINGS, SURROUNDINGS_VERSION, surroundingsOf } from './surroundings.ts'

/** Maximum packed bytes of one part; a larger part is not stored, and that is reported. */
const MOST_PACKED = 64 * 1024 ** 2

/** Number of checks of the record, and milliseconds between them, before a snapshot that is ahead of it is dropped. */
const MOST_LOOKS = 40
const LOOK_EVERY_MS = 250

/** Stores detector state, next to the block path: one snapshot at a time, at most one in `snapshotSeconds`. */
export type SnapshotKeeper = {
  /** Call this when the checkpoint has moved to this block. Never throws, and no caller waits for it. */
  offer(final: BlockRef): void
  /** Waits for a snapshot in progress, and takes the last one that was offered and not taken. */
  stop(): Promise<void>
}

export type KeeperOptions = { app: App; chain: ChainHandle; tell: (notice: SourceNotice) => void }

export function keepSnapshots(options: KeeperOptions): SnapshotKeeper {
  const { app, chain } = options
  let latest: BlockRef | null = null
  let takenAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | null = null
  const take = (final: BlockRef): void => {
    takenAt = app.clock.now()
    running = takeSnapshot(options, { final })
      .then((isWritten) => {
        if (isWritten && latest === final) latest = null
      })
      .catch((thrown) =>
        app.logger.warn({ chainId: chain.chainId, reason: messageOf(thrown) }, 'no snapshot was kept'),
      )
      .finally(() => {
        running = null
      })
  }
  return {
    offer(final) {
      latest = final
      const isDue = app.clock.now() - takenAt >= chain.config.snapshotSeconds * 1_000
      if (running === null && isDue) take(final)
    },
    async stop() {
      await running
      if (latest !== null) take(latest)
      await running
    },
  }
}

/**
 * Writes the engine's checkpoint and its surroundings. The checkpoint is immutable after it was made, so it is packed
 * piece by piece while blocks go on; the surroundings, which are as of the newest block, are taken immediately.
 * `ahead`: no block was judged yet.
 */
export async function takeSnapshot(
  { app, chain, tell }: KeeperOptions,
  { final, ahead = false }: { final: BlockRef; ahead?: boolean },
): Promise<boolean> {
  const began = performance.now()
  const newest = chain.engine.unfinalised.at(-1)?.ref.number ?? final.number
  const around = bytesOf(surroundingsOf(chain))
  const detectors = snapshotsOf(chain.engine)
  const fit = fitOfSurroundings(chain)
  const parts: StoredState[] = []
  const add = async (part: Omit<StoredState, 'state'>, bytes: Uint8Array): Promise<void> => {
    const state = await packBytes(bytes)
    if (state.byteLength <= MOST_PACKED) parts.push({ ...part, state })
    else tell(tooLarge(part.part, state.byteLength))
  }
  await add({ part: SURROUNDINGS, version: SURROUNDINGS_VERSION, fit }, around)
  for (const { detector, state, ...versioned } of detectors)
    await add({ part: detector, ...versioned }, bytesOf(state))
  const taken = { final, newest, parts, takenAt: app.clock.now(), ahead }
  let isWritten = await replaceSnapshot(app.store, chain.chainId, taken)
  // recording has its own pace: the snapshot waits for it
  for (let looks = 1; !isWritten && looks < MOST_LOOKS; looks++) {
    await app.clock.sleep(LOOK_EVERY_MS)
    isWritten = await replaceSnapshot(app.store, chain.chainId, taken)
  }
  const bytes = parts.reduce((sum, { state }) => sum + state.byteLength, 0)
  const milliseconds = Math.round(performance.now() - began)
  app.logger.debug(
    { chainId: chain.chainId, block: final.number, bytes, milliseconds, isWritten },
    'snapshot',
  )
  return isWritten
}

function tooLarge(part: string, bytes: number): SourceNotice {
  return {
    code: 'states-too-large',
    message: `The state of ${part} takes ${bytes} bytes and is not kept: after a restart it learns again from the chain.`,
    facts: { part, bytes, most: MOST_PACKED },
  }
}
