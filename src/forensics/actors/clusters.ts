import type { TransactionFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import type { Attackers } from '../attackers.ts'

/**
 * An account that funds more than this many others, or whose contract serves them, is a service: an exchange, a faucet,
 * a router.
 */
export const MOST_SERVED = 3

/** Attackers that act together; `id` is the first of the accounts that sent one of their transactions. */
export type Cluster = { id: Address; members: ReadonlySet<Address> }

/**
 * Contracts that more than three accounts besides the attackers called, each with their number: routers and the like.
 */
export function sharedOf(
  transactions: readonly TransactionFacts[],
  { accounts, contracts }: Attackers,
): ReadonlyMap<Address, number> {
  const wanted = new Set(contracts)
  const users = new Map<Address, Set<Address>>()
  for (const { transaction } of transactions) {
    const { from, to } = transaction
    if (to === null || from === null || !wanted.has(to) || accounts.includes(from)) continue
    users.set(to, (users.get(to) ?? new Set()).add(from))
  }
  return new Map(
    [...users].flatMap(([contract, all]) => (all.size > MOST_SERVED ? [[contract, all.size]] : [])),
  )
}

/**
 * Senders and contracts that ran in one transaction form one cluster, extended through common contracts, except those
 * that others use too.
 */
export function clustersOf(
  transactions: readonly TransactionFacts[],
  { accounts, contracts, shared }: Attackers & { shared: ReadonlyMap<Address, number> },
): Cluster[] {
  const own = new Set([...accounts, ...contracts.filter((contract) => !shared.has(contract))])
  let groups: Set<Address>[] = []
  for (const { transaction } of transactions) {
    const { from, to, frames } = transaction
    const members = new Set<Address>()
    for (const address of [from, to, ...frames.flatMap((frame) => [frame.context, frame.to])])
      if (address !== null && own.has(address)) members.add(address)
    const touching = groups.filter((group) => [...members].some((address) => group.has(address)))
    const joined = new Set([...touching.flatMap((group) => [...group]), ...members])
    groups = [...groups.filter((group) => !touching.includes(group)), joined]
  }
  return groups.flatMap((members) => {
    const id = accounts.find((account) => members.has(account)) ?? [...members][0]
    return id === undefined ? [] : [{ id, members }]
  })
}
