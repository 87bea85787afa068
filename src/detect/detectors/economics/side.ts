import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'

/** A loss below this part of what an account took in is dust: it does not make the account a victim. */
const DUST_PART = 100n

/**
 * The side that acts in a transaction, whatever is protected: the sender, the contracts that it creates, the contract that it
 * calls unless that one ends poorer by more than dust, and the accounts without code of their own in the trace that it pays.
 */
export function actingSide(tx: TransactionFacts): ReadonlySet<Address> {
  const { from, to, frames } = tx.transaction
  const side = new Set<Address>()
  if (from !== null) side.add(from)
  if (to !== null && !isPoorer(to, tx)) side.add(to)
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

function isPoorer(account: Address, { facts, deltas }: TransactionFacts): boolean {
  const changes = deltas.get(account)
  if (changes === undefined) return false
  for (const [key, change] of changes) {
    if (change >= 0n) continue
    let taken = 0n
    for (const fact of facts)
      if (fact.kind === 'transfer' && fact.to === account && key.startsWith(fact.asset)) taken += fact.amount
    if (-change * DUST_PART > taken) return true
  }
  return false
}
