import { createBoundedQueue } from '../../kit/bounded-queue.ts'
import { type ChainUpdate, weightOf } from '../../model/block.ts'

/** Updates read ahead of the watcher, all sources together, and the call frames in them: about 80 MB. */
const AHEAD = 16
const MOST_FRAMES = 30_000

/**
 * Several sources as one, in order of arrival. A source is read no further while {@link AHEAD} updates wait. Ends when
 * all sources have ended; the first error ends it too, after the updates that came before it. `onArrival` is called as
 * each arrives.
 */
export async function* mergeUpdates(
  sources: readonly AsyncIterable<ChainUpdate>[],
  onArrival: (update: ChainUpdate) => void = () => {},
): AsyncGenerator<ChainUpdate> {
  const queue = createBoundedQueue<ChainUpdate>({ capacity: AHEAD, weigh: framesOf, maxWeight: MOST_FRAMES })
  const failures: unknown[] = []
  const drain = async (source: AsyncIterable<ChainUpdate>): Promise<void> => {
    for await (const update of source) {
      onArrival(update)
      if (!(await queue.push(update))) return
    }
  }
  const drained = sources.map((source) =>
    drain(source).catch((thrown: unknown) => {
      failures.push(thrown)
      queue.close()
    }),
  )
  void Promise.all(drained).then(() => queue.close())
  try {
    for (;;) {
      const updates = await queue.take(1)
      if (updates.length === 0) break
      yield* updates
    }
    if (failures.length > 0) throw failures[0]
  } finally {
    queue.close()
  }
}

function framesOf(update: ChainUpdate): number {
  if (update.kind !== 'block' && update.kind !== 'pending') return 0
  return weightOf(update.bundle)
}
