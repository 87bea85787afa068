import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'

/**
 * The side that acts in a transaction, whatever is protected: the sender, the contract that it calls (a wallet, a bot or a vault
 * of its own gives to its owner), the contracts that these create, and the accounts without code of their own in the trace that it pays.
 */
export function actingSide(tx: TransactionFacts): ReadonlySet<Address> {
  const { from, to, frames } = tx.transaction
  const side = new Set<Address>()
  if (from !== null) side.add(from)
  if (to !== null) side.add(to)
  const running = new Set<Address>()
  for (const { type, from: creator, to: created, context, input, reverted } of frames) {
    if (context !== null && input.length > 2) running.add(context)
    if ((type !== 'CREATE' && type !== 'CREATE2') || reverted || created === null) continue
    if (creator !== null && side.has(creator)) side.add(created)
  }
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.amount === 0n || !side.has(fact.from)) continue
    if (fact.to !== ZERO_ADDRESS && fact.to !== tx.producer && !running.has(fact.to)) side.add(fact.to)
  }
  return side
}
