import type { Operation } from '../../contain/trials/simulate.ts'
import { CordonError } from '../../kit/error.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { Address, Hash } from '../../model/hex.ts'
import { type CalleeMemory, rememberCallees } from '../memory/callees.ts'
import type { OperationMemory } from '../memory/operations.ts'
import { recentOperations, rememberOperations } from '../memory/operations.ts'

export type OrdinaryOperations = {
  /** The latest ordinary call of each function. */
  operations: Operation[]
  /** The contracts that the contract called in them. */
  callees: CalleeMemory
  /** Blocks that no node returned: pruned, too new for the node, or unreadable. */
  missing: number[]
}

type Looking = {
  from: number
  to: number
  fetch: (block: number) => Promise<BlockBundle>
  signal: AbortSignal
  progress: (text: string) => void
}

/** The uses of a contract in some blocks, as far as the nodes have them: a missing block is left out and listed. */
export async function ordinaryOperations(target: Address, looking: Looking): Promise<OrdinaryOperations> {
  const { from, to, fetch, signal, progress } = looking
  const memory: OperationMemory = new Map()
  const callees: CalleeMemory = new Map()
  const ordinary = { watched: new Set([target]), suspects: new Set<Hash>() }
  const missing: number[] = []
  for (let number = from; number <= to && !signal.aborted; number++) {
    const bundle = await fetch(number).catch((thrown: unknown) => {
      if (!isMissing(thrown)) throw thrown
      return undefined
    })
    if (bundle === undefined) missing.push(number)
    else {
      rememberOperations(memory, bundle, ordinary)
      rememberCallees(callees, bundle, ordinary)
    }
    progress(`block ${number} of ${to}`)
  }
  return { operations: recentOperations(memory, target), callees, missing }
}

const MISSING = new Set([
  'chain.BlockMissing',
  'chain.RpcRefused',
  'chain.MalformedField',
  'chain.BrokenTrace',
])

function isMissing(thrown: unknown): boolean {
  return thrown instanceof CordonError && MISSING.has(thrown.code)
}
