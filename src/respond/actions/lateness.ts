import type { Lateness } from '../../model/alert.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { ChainHandle } from '../context.ts'

type Place = Pick<BlockBundle, 'number' | 'timestamp'>

/** Blocks near the head are never old, however long the chain stood still between them. */
const NEAR_HEAD = 2

/** How far a block is behind the head, if that exceeds one of the bounds of `chains[].late`; null if it does not. */
export function latenessBehind(
  block: Place,
  head: Place,
  bounds: { blocks: number; seconds: number },
): Lateness | null {
  const blocks = head.number - block.number
  const seconds =
    head.timestamp === null || block.timestamp === null ? null : head.timestamp - block.timestamp
  const isOld = blocks > bounds.blocks || (blocks > NEAR_HEAD && seconds !== null && seconds > bounds.seconds)
  return isOld ? { blocks, seconds } : null
}

/** The same against the newest head that the chain reported. Code that acts on an alert checks this again itself. */
export function latenessOf(
  bundle: BlockBundle,
  { vitals, config }: Pick<ChainHandle, 'vitals' | 'config'>,
): Lateness | null {
  return bundle.pending || vitals.head === null ? null : latenessBehind(bundle, vitals.head, config.late)
}
