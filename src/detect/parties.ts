import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'

/** True where an account lost something over the transaction and gained nothing. */
export function oneSidedLoss(tx: TransactionFacts, account: Address): boolean {
  const changes = [...(tx.deltas.get(account)?.values() ?? [])]
  return changes.length > 0 && changes.every((amount) => amount < 0n)
}

/** True where a group gained something over the transaction and, all told, lost nothing. */
export function gainsOnly(tx: TransactionFacts, group: Iterable<Address>): boolean {
  const net = new Map<string, bigint>()
  for (const account of group)
    for (const [asset, amount] of tx.deltas.get(account) ?? [])
      net.set(asset, (net.get(asset) ?? 0n) + amount)
  const amounts = [...net.values()]
  return amounts.some((amount) => amount > 0n) && amounts.every((amount) => amount >= 0n)
}
