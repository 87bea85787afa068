import { type Ledger, ledgerOf } from '../../../facts/ledger.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { type Answers, answersOf, emptiedWallets } from './reads.ts'
import { actingSide } from './side.ts'

/**
 * The acting side of a transaction, the gains and losses of all, and the balances before that its answers show: computed once, for
 * the evidence and for the features.
 */
export type Economy = {
  /** With the facts of calls alone (`factsFromCalls`): every recording mode gives the same numbers. */
  tx: TransactionFacts
  side: ReadonlySet<Address>
  ledger: Ledger
  answers: Answers
  /** Deposit addresses and wallets that their owner empties: they lose nothing. */
  emptied: ReadonlySet<Address>
}

export function economyOf(tx: TransactionFacts): Economy {
  const ledger = ledgerOf(tx)
  const answers = answersOf(tx)
  return { tx, side: actingSide(tx), ledger, answers, emptied: emptiedWallets(tx, ledger, answers.before) }
}
