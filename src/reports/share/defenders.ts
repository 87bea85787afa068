import type { Config } from '../../model/config.ts'
import type { Address } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { listLevers } from '../../store/levers.ts'
import type { Store } from '../../store/store.ts'
import { addressesIn } from '../own-accounts.ts'

type Keys = { signers?: Iterable<Address> }

/** The accounts of the defenders that the configuration names, with their roles. */
export function configuredAccounts(config: Config, { signers = [] }: Keys = {}): Map<Address, string> {
  const own = new Map<Address, string>()
  for (const { address } of config.protect) own.set(address, 'protected contract')
  for (const { signer, targets } of config.authorisations) {
    own.set(signer, 'signs standing authorisations')
    for (const target of targets) own.set(target, 'contract of a lever')
  }
  for (const signer of signers) own.set(signer, 'signer')
  for (const [role, people] of Object.entries(config.roles))
    for (const { address } of people) if (address !== undefined) own.set(address, role)
  return own
}

/** The same, with every account that may pull a recorded lever, and the contracts of these levers. */
export async function ownAccounts(
  store: Store,
  configured: ReadonlyMap<Address, string>,
): Promise<ReadonlyMap<Address, string>> {
  const levers = (await listLevers(store)).map(({ lever }) => lever)
  return ownAccountsWith(configured, levers)
}

export function ownAccountsWith(
  configured: ReadonlyMap<Address, string>,
  levers: readonly Lever[],
): ReadonlyMap<Address, string> {
  const own = new Map(configured)
  for (const { target, authority, signature } of levers) {
    if (!own.has(target)) own.set(target, 'contract of a lever')
    for (const address of addressesIn(authority))
      if (!own.has(address)) own.set(address, `may call ${signature}`)
  }
  own.delete(NOBODY)
  return own
}

/** The owner after `renounceOwnership()`: no key, and nobody's account. */
const NOBODY: Address = `0x${'0'.repeat(40)}`
