import type { ChainUpdate } from '../../model/block.ts'
import type { ChainHandle } from '../context.ts'

/**
 * The update, preceded by the finality of blocks that lie deeper than any reorg that can be followed: while a chain
 * catches up no source reports finality, and everything would be kept for a rollback.
 */
export function withFinality(
  update: ChainUpdate,
  { engine, config }: Pick<ChainHandle, 'engine' | 'config'>,
): ChainUpdate[] {
  const { unfinalised } = engine
  const tooMany = unfinalised.length - config.window
  // in batches: every move of the checkpoint copies all states
  if (update.kind !== 'block' || tooMany < Math.ceil(config.window / 4)) return [update]
  const final = unfinalised[tooMany - 1]
  return final === undefined ? [update] : [{ kind: 'finalized', block: final.ref }, update]
}
