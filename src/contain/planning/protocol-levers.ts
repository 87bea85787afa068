import { randomBytes } from 'node:crypto'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Address } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { goesThrough } from '../reading/call.ts'
import { type DiscoverOptions, discoverLevers } from './discover.ts'
import type { Related } from './protocol.ts'

/** Maximum contracts of the protocol that are searched for levers. */
const MOST_SEARCHED = 24

/**
 * The levers on other contracts of the protocol, each with the link between that contract and the protected one. They
 * count only where a known account may pull them and pulling them stops the attack: the attacker may have created the
 * link.
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

/** Whether the account that may pull a lever of another contract is known to the defender. */
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

/** False where a random stranger may pull it too: then a successful call of our own authority proves nothing. */
export async function isGated(
  { target, calldata }: Pick<Lever, 'target' | 'calldata'>,
  at: { rpc: Rpc; block: number },
): Promise<boolean> {
  const from: Address = `0x${randomBytes(20).toString('hex')}`
  return !(await goesThrough(at, { from, to: target, data: calldata, value: 0n }))
}
