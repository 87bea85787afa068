import type { Related } from '../../contain/planning/protocol.ts'
import { relatedContracts } from '../../contain/planning/protocol.ts'
import type { BlockRef } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import type { App, ChainHandle } from '../context.ts'

/** Milliseconds after which a map is rebuilt; each takes some hundred view calls. */
const EVERY_MS = 1_800_000

/**
 * Keeps the maps of the protected contracts up to date, at most one contract per block, so that none has to be built
 * during an attack.
 */
export function mappingProtocol(): (app: App, chain: ChainHandle, block: BlockRef) => Promise<void> {
  const madeAt = new Map<Address, number>()
  return async (app, chain, { number }) => {
    const { scope } = chain.engine
    if (scope.kind !== 'contracts') return
    const now = app.clock.now()
    const due = [...scope.addresses].find(
      (address) => now - (madeAt.get(address) ?? Number.NEGATIVE_INFINITY) >= EVERY_MS,
    )
    if (due === undefined) return
    madeAt.set(due, now)
    await mapAt(chain, { target: due, block: number })
  }
}

/**
 * The contracts related to a protected one as of a block: from the map built before it if there is one, so that nothing
 * an attack wrote is in it; otherwise mapped now.
 */
export async function relatedTo(
  chain: ChainHandle,
  at: { target: Address; block: number },
): Promise<readonly Related[]> {
  const known = chain.protocol.related.get(at.target)
  return known !== undefined && known.block <= at.block ? known.contracts : mapAt(chain, at)
}

async function mapAt(
  { rpc, protocol }: ChainHandle,
  { target, block }: { target: Address; block: number },
): Promise<readonly Related[]> {
  const contracts = await relatedContracts({ rpc, block, target, callees: protocol.callees })
  protocol.related.set(target, { block, contracts })
  return contracts
}
