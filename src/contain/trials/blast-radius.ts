import { getCode } from '../../chain/methods/get-code.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Simulation } from '../../model/containment.ts'
import type { Address, Hex } from '../../model/hex.ts'

export type BlastOptions = {
  rpc: Rpc
  block: number
  operations: readonly { selector: Hex; from: Address }[]
  opEffects: Simulation['opEffects']
}

/**
 * The accounts other than the attacker that a lever affects: how many of the recently used functions it blocks, who
 * called them, and which of those callers are contracts, that is, integrations. Only recent calls count.
 */
export async function blastRadius({
  rpc,
  block,
  operations,
  opEffects,
}: BlastOptions): Promise<NonNullable<Simulation['blastRadius']>> {
  const blocked = operations.filter(({ selector }) => opEffects[selector] === 'blocked')
  const callers = [...new Set(blocked.map(({ from }) => from))]
  const code = await Promise.all(callers.map((caller) => getCode(rpc, caller, block).catch(() => '0x')))
  return {
    functions: operations.length,
    blocked: blocked.length,
    callers: callers.length,
    contracts: code.filter((text) => String(text).length > 2 && !String(text).startsWith('0xef0100')).length,
  }
}
