import { budgetMs } from '../../chain/rpc/pace.ts'
import { readState } from '../../chain/rpc/state-reads.ts'
import { readsWanted } from '../../detect/engine/engine.ts'
import { messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import { within } from '../../kit/within.ts'
import type { BlockBundle, ChainUpdate } from '../../model/block.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { StateRead } from '../../model/state-read.ts'
import type { ChainHandle } from '../context.ts'

type Reading = Promise<readonly StateRead[] | { failure: string }>

/**
 * Reads under way for blocks that wait to be judged: they are requested when a block arrives, not when its turn comes.
 */
const begun = new WeakMap<BlockBundle, Reading>()

/** Starts the detectors' state reads for a block, as soon as the block is there. */
export function beginReads(update: ChainUpdate, chain: ChainHandle): void {
  if (update.kind === 'block' && readsWanted(chain.engine).length > 0)
    begun.set(update.bundle, readingOf(update.bundle, chain))
}

function readingOf({ number }: BlockBundle, { engine, rpc }: ChainHandle): Reading {
  return readState(rpc, readsWanted(engine), number).catch((thrown: unknown) => ({
    failure: messageOf(thrown),
  }))
}

/**
 * The facts with the detectors' reads of the state after the block. If a node does not answer within the patience, or
 * no longer has that state, the detectors go without: `unread` lists them, and detection continues.
 */
export async function withStateReads(
  facts: BlockFacts,
  chain: ChainHandle,
  logger: Logger,
): Promise<{ facts: BlockFacts; unread: readonly string[] }> {
  const calls = readsWanted(chain.engine)
  if (calls.length === 0) return { facts, unread: [] }
  const { bundle } = facts
  const ms = patienceOf(chain)
  const answer = await within(begun.get(bundle) ?? readingOf(bundle, chain), ms)
  const read = answer ?? { failure: `not answered within ${ms} ms` }
  begun.delete(bundle)
  if (!('failure' in read)) return { facts: { ...facts, reads: [...read] }, unread: [] }
  logger.debug(
    { chainId: chain.chainId, block: bundle.number, reason: read.failure },
    'state could not be read',
  )
  const { cells, scope } = chain.engine
  const wants = cells.filter(
    ({ detector, options, state }) => (detector.reads?.(options, state, scope) ?? []).length > 0,
  )
  return { facts, unread: wants.map(({ detector }) => detector.id) }
}

function patienceOf({ vitals, config }: ChainHandle): number {
  return budgetMs(vitals.blockSeconds, config.patience)
}
