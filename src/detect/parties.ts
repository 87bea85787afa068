import type { Frame } from '../model/block.ts'
import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'

/** The frame by which control last entered `account` around frame `index`. */
export function entryFrame(account: Address, index: number, frames: readonly Frame[]): Frame | undefined {
  let frame = frames[index]
  while (frame !== undefined && frame.context !== account) frame = frames[frame.parent]
  while (frame !== undefined && frames[frame.parent]?.context === account) frame = frames[frame.parent]
  return frame
}

/** True where an account lost something over the transaction and gained nothing. */
export function oneSidedLoss(tx: TransactionFacts, account: Address): boolean {
  const changes = [...(tx.deltas.get(account)?.values() ?? [])]
  return changes.length > 0 && changes.every((amount) => amount < 0n)
}
