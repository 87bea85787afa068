import { randomBytes } from 'node:crypto'
import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Address } from '../model/hex.ts'
import type { Lever } from '../model/lever.ts'
import { goesThrough } from './call.ts'
import { type DiscoverOptions, discoverLevers } from './discover.ts'
import type { Related } from './protocol.ts'

/** Contracts of the protocol whose levers are looked for, at most. */
const MOST_SEARCHED = 24

/**
 * The levers that stand on other contracts of the protocol, each with what links that contract to the protected one. They
 * count only where somebody known may pull them and pulling them stops the attack: what links them may be the attacker's doing.
 */
export async function leversOfProtocol(
  options: DiscoverOptions,
  related: readonly Related[],
): Promise<Lever[]> {
  const found = await Promise.all(
    related.slice(0, MOST_SEARCHED).map(async ({ address, evidence }) => {
      const given = { protected: options.target, ...options.given }
      const levers = await discoverLevers({ ...options, target: address, given })
      return levers.map((lever) => ({ ...lever, evidence: [...evidence, ...lever.evidence] }))
    }),
  )
  const byId = new Map(found.flat().map((lever) => [lever.id, lever] as const))
  return [...byId.values()]
}

/** Whether the account that may pull a lever of another contract is somebody whom the defender knows. */
export function isKnownAuthority(
  { authority }: Lever,
  {
    signers,
    others,
    named,
  }: { signers: readonly Address[]; others: readonly Address[]; named: readonly Address[] },
): boolean {
  if (authority === null) return false
  return [...signers, ...others, ...named].includes(authority.address) || authority.live
}

/** False where a stranger, another one each time, may pull it too: then it says nothing that our own authority may. */
export async function isGated(
  { target, calldata }: Pick<Lever, 'target' | 'calldata'>,
  at: { rpc: Rpc; block: number },
): Promise<boolean> {
  const from: Address = `0x${randomBytes(20).toString('hex')}`
  return !(await goesThrough(at, { from, to: target, data: calldata, value: 0n }))
}
