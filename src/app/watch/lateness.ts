import { headTime } from '../../chain/rpc/head.ts'
import { messageOf } from '../../kit/error.ts'
import type { Lateness } from '../../model/alert.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { App, ChainHandle } from '../context.ts'

/** Blocks near the head are never old, however long the chain stood still between them. */
const NEAR_HEAD = 2

/** How far a block is behind the head, where that is beyond one of the bounds of `chains[].late`; null where it is not. */
export function latenessOf(
  block: Pick<BlockBundle, 'number' | 'timestamp'>,
  head: { number: number; timestamp: number | null },
  bounds: { blocks: number; seconds: number },
): Lateness | null {
  const blocks = head.number - block.number
  const seconds =
    head.timestamp === null || block.timestamp === null ? null : head.timestamp - block.timestamp
  const isOld = blocks > bounds.blocks || (blocks > NEAR_HEAD && seconds !== null && seconds > bounds.seconds)
  return isOld ? { blocks, seconds } : null
}

/** The same against the head that the node has now; null where the node does not say (what acts looks for itself). */
export async function latenessNow(
  { app, chain }: { app: App; chain: ChainHandle },
  bundle: BlockBundle,
): Promise<Lateness | null> {
  if (bundle.pending) return null
  try {
    return latenessOf(bundle, await headTime(chain.rpc), chain.config.late)
  } catch (thrown) {
    app.logger.warn({ chainId: chain.chainId, reason: messageOf(thrown) }, 'the age of an alert is not known')
    return null
  }
}
