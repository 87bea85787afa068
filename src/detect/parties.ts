import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'

/** True where an account lost something over the transaction and gained nothing. */
export function oneSidedLoss(tx: TransactionFacts, account: Address): boolean {
  const changes = [...(tx.deltas.get(account)?.values() ?? [])]
  return changes.length > 0 && changes.every((amount) => amount < 0n)
}
