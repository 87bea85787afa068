import type { Scope } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { forgetOldest } from './bounded.ts'

/** The accounts whose whole past is known, because their birth was seen. Bounded; plain data. */
export type Births = {
  /** Protected contracts whose creation was seen: no account can have paid them earlier. */
  whole: Set<Address>
  /** Accounts seen from their birth (created, or sent their first transaction): they cannot have paid earlier. */
  born: Set<Address>
}

const MOST_BORN = 100_000

/** Records the accounts that were born in a transaction. */
export function noteBirths({ transaction }: TransactionFacts, births: Births, scope: Scope): void {
  if (transaction.nonce === 0 && transaction.from !== null) bear(transaction.from, births)
  for (const { type, to, reverted } of transaction.frames) {
    if ((type !== 'CREATE' && type !== 'CREATE2') || to === null || reverted) continue
    if (scope.kind === 'contracts' && scope.addresses.has(to)) births.whole.add(to)
    else bear(to, births)
  }
}

function bear(account: Address, { born }: Births): void {
  born.add(account)
  forgetOldest(born, MOST_BORN)
}
