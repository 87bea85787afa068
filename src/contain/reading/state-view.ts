import { callContract } from '../../chain/methods/call.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { wordAt } from '../../model/hex.ts'
import type { StateRead } from '../../model/lever.ts'

export type StateAnswer = { read: StateRead; answer: string; isPulled: boolean }

/**
 * The answers of a lever's state views at a block, and whether each shows that it is pulled. An answer that is too
 * short counts as not pulled. Throws the node's errors.
 */
export function readState(rpc: Rpc, state: readonly StateRead[], block: number): Promise<StateAnswer[]> {
  return Promise.all(
    state.map(async (read) => {
      const answer = await callContract(rpc, { to: read.to, data: read.data }, { block })
      return { read, answer, isPulled: saysPulled(read, answer) }
    }),
  )
}

/** True where there is at least one view, and each shows that the lever is pulled. Throws the node's errors. */
export async function isPulled(rpc: Rpc, state: readonly StateRead[], block: number): Promise<boolean> {
  const answers = await readState(rpc, state, block)
  return answers.length > 0 && answers.every((answer) => answer.isPulled)
}

function saysPulled({ word, mask, pulled }: StateRead, answer: string): boolean {
  const found = wordAt(`0x${answer.slice(2)}`, word)
  if (found === undefined || !/^[0-9a-fA-F]{64}$/.test(found)) return false
  const bits = BigInt(`0x${found}`) & BigInt(mask)
  if (pulled === 'set') return bits !== 0n
  return bits === (pulled === 'clear' ? 0n : BigInt(pulled))
}
