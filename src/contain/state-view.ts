import { toFunctionSelector } from 'viem'
import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Address } from '../model/hex.ts'
import { toHex } from './discover.ts'

/** What a view of a lever's state answers at a block, and whether that means pulled: a word that is not zero. */
export async function readStateView(
  rpc: Rpc,
  { target, stateView }: { target: Address; stateView: string },
  block: number,
): Promise<{ answer: string; isPulled: boolean }> {
  const call = { to: target, data: toFunctionSelector(stateView) }
  const answer = String(await rpc.request('eth_call', [call, toHex(block)]))
  return { answer, isPulled: /[1-9a-f]/.test(answer.slice(2)) }
}
