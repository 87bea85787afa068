import type { Rpc } from '../../chain/rpc/rpc.ts'
import { ask } from '../../contain/reading/call.ts'
import { type Address, addressSchema } from '../../model/hex.ts'
import { type Check, warning } from './check.ts'

/**
 * A token of a lending pool (Aave’s and its forks’) pays what its pool orders, and what the pool is asked is the attack: with the
 * token protected and not the pool, the pool counts as the attacker’s way.
 */
export async function poolChecks(rpc: Rpc, contracts: ReadonlySet<Address>): Promise<Check[]> {
  const checks = [...contracts].map(async (token): Promise<Check[]> => {
    const pool = await poolOf(rpc, token)
    if (pool === undefined || contracts.has(pool)) return []
    return [
      warning({
        name: `pool of ${token}`,
        detail: `it is a token of the lending pool ${pool}, which is not protected: an attack through the pool is not seen`,
        fix: `Add ${pool} to protect[].`,
      }),
    ]
  })
  return (await Promise.all(checks)).flat()
}

async function poolOf(rpc: Rpc, to: Address): Promise<Address | undefined> {
  const at = { rpc, block: 'latest' as const }
  const [pool, underlying] = await Promise.all([
    ask(at, { to, view: 'POOL() view returns (address)' }),
    ask(at, { to, view: 'UNDERLYING_ASSET_ADDRESS() view returns (address)' }),
  ])
  if (underlying === null) return undefined
  const parsed = addressSchema.safeParse(pool?.[0])
  return parsed.success ? parsed.data : undefined
}
