import type { ChainUpdate } from '../../model/block.ts'
import type { BlockFacts, NetworkSignals } from '../../model/fact.ts'

/** Facts about a chain since the last block that the follower knows and no block contains. */
export type SignalMemory = { reorgDepth: number; disagreement: number; finalized: number | null }

export function emptySignals(): SignalMemory {
  return { reorgDepth: 0, disagreement: 0, finalized: null }
}

/** Records an update that is not a block. */
export function noteSignal(memory: SignalMemory, update: ChainUpdate): void {
  if (update.kind === 'reorg') memory.reorgDepth = Math.max(memory.reorgDepth, update.removed.length)
  if (update.kind === 'finalized') memory.finalized = update.block.number
  if (update.kind === 'notice' && update.notice.code === 'endpoints-disagree') memory.disagreement++
}

/** The facts with the signals recorded since the previous block; the memory starts again. */
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
