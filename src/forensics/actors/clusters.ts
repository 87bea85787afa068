import type { TransactionFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import type { Attackers } from '../attackers.ts'

/** Attackers that act together; `id` is the first account that sent a transaction of theirs. */
export type Cluster = { id: Address; members: ReadonlySet<Address> }

/** Senders and contracts that were run in one transaction are one cluster, and so on through shared contracts. */
export function clustersOf(
  transactions: readonly TransactionFacts[],
  { accounts, contracts }: Attackers,
): Cluster[] {
  const own = new Set([...accounts, ...contracts])
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
