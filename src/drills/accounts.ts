import { pbkdf2Sync } from 'node:crypto'
import { HDKey, hdKeyToAccount } from 'viem/accounts'
import { assert } from '../kit/assert.ts'
import type { Address } from '../model/hex.ts'

/** All roles in the drill, in the order of anvil's funded test accounts. */
export const drillRoles = [
  'deployer',
  'guardian',
  'oracleOperator',
  'writerA',
  'writerB',
  'writerC',
  'writerD',
  'holder',
  'lender',
  'whale',
  'borrower',
  'leveraged',
  'liquidator',
  'arbitrageur',
  'trader',
  'saver',
  'optionAttacker',
  'oracleAttacker',
  'reentrancyAttacker',
  'incidentLeader',
] as const
export type DrillRole = (typeof drillRoles)[number]
export type DrillAccount = ReturnType<typeof hdKeyToAccount>

export const writers = ['writerA', 'writerB', 'writerC', 'writerD'] as const satisfies readonly DrillRole[]

/** Publicly known: any funds of these accounts on a public chain are lost. */
const TEST_PHRASE = 'test test test test test test test test test test test junk'

let derived: ReadonlyMap<DrillRole, DrillAccount> | undefined

/** The local account that plays a role, derived from anvil's well-known test mnemonic. */
export function drillAccount(role: DrillRole): DrillAccount {
  derived ??= deriveAll()
  const account = derived.get(role)
  assert(account, 'every role has an account')
  return account
}

/** Its address, lower case. */
export function addressOf(role: DrillRole): Address {
  return drillAccount(role).address.toLowerCase() as Address
}

/** BIP-39's seed by Node's own PBKDF2, once: viem's in JavaScript takes 15 ms per account. */
function deriveAll(): ReadonlyMap<DrillRole, DrillAccount> {
  const seed = pbkdf2Sync(TEST_PHRASE, 'mnemonic', 2048, 64, 'sha512')
  const root = HDKey.fromMasterSeed(seed)
  return new Map(drillRoles.map((role, addressIndex) => [role, hdKeyToAccount(root, { addressIndex })]))
}
