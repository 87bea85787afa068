import { createQueue } from '../../kit/queue.ts'
import type { ChainUpdate } from '../../model/block.ts'

/** Several sources as one, in order of arrival. Ends when all have; the first error ends it too. */
export function mergeUpdates(sources: readonly AsyncIterable<ChainUpdate>[]): AsyncIterable<ChainUpdate> {
  const queue = createQueue<ChainUpdate>()
  let open = sources.length
  for (const source of sources) {
    const drain = async (): Promise<void> => {
      for await (const update of source) queue.push(update)
      open--
      if (open === 0) queue.close()
    }
    drain().catch((thrown) => queue.fail(thrown))
  }
  return queue
}
