import { readState } from '../../chain/rpc/state-reads.ts'
import { readsWanted } from '../../detect/engine.ts'
import { messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { ChainHandle } from '../context.ts'

/** The facts with what detectors want to know of the state. A node that does not answer is told of; detection goes on. */
export async function withStateReads(
  facts: BlockFacts,
  { chainId, engine, rpc }: ChainHandle,
  logger: Logger,
): Promise<BlockFacts> {
  const calls = readsWanted(engine)
  if (calls.length === 0) return facts
  const { number } = facts.bundle
  try {
    return { ...facts, reads: await readState(rpc, calls, number) }
  } catch (thrown) {
    logger.warn({ chainId, block: number, reason: messageOf(thrown) }, 'blind: state could not be read')
    return facts
  }
}
