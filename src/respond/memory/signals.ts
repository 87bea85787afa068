import type { ChainUpdate } from '../../model/block.ts'
import type { BlockFacts, NetworkSignals } from '../../model/fact.ts'

/** What the follower knows of a chain and no block says, since the last block. */
export type SignalMemory = { reorgDepth: number; disagreement: number; finalized: number | null }

export function emptySignals(): SignalMemory {
  return { reorgDepth: 0, disagreement: 0, finalized: null }
}

/** Notes an update that is no block. */
export function noteSignal(memory: SignalMemory, update: ChainUpdate): void {
  if (update.kind === 'reorg') memory.reorgDepth = Math.max(memory.reorgDepth, update.removed.length)
  if (update.kind === 'finalized') memory.finalized = update.block.number
  if (update.kind === 'notice' && update.notice.code === 'endpoints-disagree') memory.disagreement++
}

/** The facts with what was noted since the block before; the memory begins anew. */
export function withSignals(facts: BlockFacts, memory: SignalMemory): BlockFacts {
  const { reorgDepth, disagreement, finalized } = memory
  const network: NetworkSignals = {
    reorgDepth,
    disagreement,
    ...(finalized === null ? {} : { finalityLag: facts.bundle.number - finalized }),
  }
  memory.reorgDepth = 0
  memory.disagreement = 0
  return { ...facts, network }
}
