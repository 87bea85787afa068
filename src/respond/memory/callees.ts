import type { Related } from '../../contain/planning/protocol.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { Address, Hash } from '../../model/hex.ts'
import type { ProtocolKind } from '../../model/protocol-kind.ts'

/** The contracts that each protected contract called in ordinary transactions, and how often. */
export type CalleeMemory = Map<Address, Map<Address, number>>

/** Knowledge about the contracts next to the protected ones: their callees, and other data that the chain shows. */
export type ProtocolMemory = {
  callees: CalleeMemory
  related: Map<Address, { block: number; contracts: readonly Related[] }>
  /** The kinds of each protected contract: from the configuration, otherwise from its functions. */
  kinds: Map<Address, readonly ProtocolKind[]>
}

export function emptyProtocol(): ProtocolMemory {
  return { callees: new Map(), related: new Map(), kinds: new Map() }
}

/** Maximum number of callees remembered for a contract. The least called make room. */
const MOST_CALLEES = 64

/** Remembers which contracts the protected ones call before they act; suspected transactions are left out. */
export function rememberCallees(
  memory: CalleeMemory,
  bundle: BlockBundle,
  { watched, suspects }: { watched: ReadonlySet<Address>; suspects: ReadonlySet<Hash> },
): void {
  for (const transaction of bundle.transactions) {
    if (transaction.succeeded !== true || suspects.has(transaction.hash)) continue
    for (const { context, parent, to, type } of transaction.frames) {
      const caller = transaction.frames[parent]?.context
      if (caller === undefined || caller === null || !watched.has(caller)) continue
      if (to === null || to === caller || context === caller || type === 'SELFDESTRUCT') continue
      count(memory, caller, to)
    }
  }
}

function count(memory: CalleeMemory, caller: Address, callee: Address): void {
  const callees = memory.get(caller) ?? new Map<Address, number>()
  memory.set(caller, callees)
  callees.set(callee, (callees.get(callee) ?? 0) + 1)
  if (callees.size <= MOST_CALLEES) return
  const [least] = [...callees].filter(([address]) => address !== callee).sort((a, b) => a[1] - b[1])
  if (least !== undefined) callees.delete(least[0])
}
