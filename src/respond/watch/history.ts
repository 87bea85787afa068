import { readRecorded } from '../../chain/recorded.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { ChainConfig } from '../../model/config.ts'
import { type ReadOptions, readBlocks } from './read-blocks.ts'

export type Learn = NonNullable<ChainConfig['learn']>

/**
 * The blocks from which a chain's history is learned: `from` to `to` of the node, after the files. `from` above `to`:
 * files only.
 */
export type History = { files: readonly string[]; from: number; to: number }

/** The history that `learn` names up to a block. */
export function historyUpTo(to: number, learn: Learn): History {
  const { files = [], fromBlock, blocks } = learn
  if (fromBlock !== undefined) return { files, from: fromBlock, to }
  return { files, from: blocks === undefined ? to + 1 : Math.max(0, to - blocks + 1), to }
}

/** One block of the history, and its origin. */
export type PastBlock = { bundle: BlockBundle; origin: 'file' | 'node' }

/**
 * The history's blocks above `after`, in order: those of the files, then the node's that no file had. Blocks of files
 * that belong to another chain, or are out of order, are skipped.
 */
export async function* readHistory(
  { files, from, to }: History,
  options: Omit<ReadOptions, 'from' | 'to'> & { after: number },
): AsyncGenerator<PastBlock> {
  let last = options.after
  for await (const update of readRecorded(files)) {
    if (options.signal.aborted) return
    if (update.kind !== 'block') continue
    const { chainId, number } = update.bundle
    if (chainId !== options.chain.chainId || number <= last || number > to) continue
    last = number
    yield { bundle: update.bundle, origin: 'file' }
  }
  for await (const bundle of readBlocks({ ...options, from: Math.max(from, last + 1), to }))
    yield { bundle, origin: 'node' }
}
