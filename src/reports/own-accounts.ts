import type { Address } from '../model/hex.ts'
import type { IncidentRecord } from './record.ts'

/**
 * Accounts of the defenders on a record, with their roles: roles and signers of the configuration, accounts that may
 * pull levers and the contracts of these, Cordon's senders, and the protected contracts. Never an indicator, whatever
 * they took part in.
 */
export function ownAccountsOf({
  own,
  incident,
  containments,
}: Pick<IncidentRecord, 'own' | 'incident' | 'containments'>): ReadonlyMap<string, string> {
  const accounts = new Map<string, string>()
  const add = (address: string, what: string): void => {
    if (!accounts.has(address)) accounts.set(address, what)
  }
  for (const address of incident.protected) add(address, 'protected contract')
  for (const [address, what] of own) add(address, what)
  for (const { plan, broadcast } of containments) {
    for (const address of addressesIn(plan.lever.authority)) add(address, `may call ${plan.lever.signature}`)
    add(plan.lever.target, 'contract of a lever')
    if (broadcast !== null) add(broadcast.from, 'signer')
    if (plan.byHand !== null) {
      add(plan.byHand.by, `pulled ${plan.lever.signature} by hand`)
      if (plan.byHand.sender !== null) add(plan.byHand.sender, `pulled ${plan.lever.signature} by hand`)
    }
  }
  return accounts
}

/** Contracts of the defenders that anybody may call: their calls are not acts of the defenders. */
const CONTRACTS: ReadonlySet<string> = new Set(['protected contract', 'contract of a lever'])

/** True if the name of an account shows that one of the defenders acts through it. */
export function isKeyOf(what: string): boolean {
  return !CONTRACTS.has(what)
}

/** Every address in a value, however deep. */
export function addressesIn(value: unknown): Address[] {
  if (typeof value === 'string') return /^0x[0-9a-f]{40}$/.test(value) ? [value as Address] : []
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(addressesIn) : []
}

/** Transactions of the defenders: those sent to contain, by Cordon or by hand. */
export function ownTransactionsOf({
  containments,
}: Pick<IncidentRecord, 'containments'>): ReadonlySet<string> {
  return new Set(
    containments.flatMap(({ broadcast, plan }) => [
      ...(broadcast === null ? [] : [broadcast.transactionHash]),
      ...(plan.byHand === null ? [] : [plan.byHand.transactionHash]),
    ]),
  )
}
