import type { Scope } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'

const MOST_NAMED = 4

/** The protected contracts that take part: they ran or were called, paid or were paid, or their tokens moved. */
function touchedIn({ transaction, deltas, facts }: TransactionFacts, scope: Scope): Address[] {
  if (scope.kind === 'everything') return []
  const touched = new Set<Address>()
  const note = (account: string | null): void => {
    if (account !== null && scope.addresses.has(account as Address)) touched.add(account as Address)
  }
  for (const { context, to } of transaction.frames) {
    note(context)
    note(to)
  }
  for (const account of deltas.keys()) note(account)
  for (const fact of facts) if (fact.kind === 'transfer') note(fact.asset)
  return [...touched]
}

/**
 * A finding that was made with everything watched, with the protected contracts that it concerns: those that lost by it, else
 * those that take part, and then it is marked `outside`. Unchanged while everything is watched.
 */
export function withWhom(finding: Finding, tx: TransactionFacts, scope: Scope): Finding {
  if (scope.kind === 'everything') return finding
  const touched = touchedIn(tx, scope)
  const losers = touched.filter((contract) => hasLost(contract, tx))
  if (losers.length > 0) return { ...finding, protected: losers }
  const { message } = finding
  return { ...finding, protected: touched, outside: true, message: `${message} ${partOf(touched)}` }
}

function partOf(touched: readonly Address[]): string {
  if (touched.length === 0) return 'No protected contract takes part.'
  return `Of the protected contracts ${touched.slice(0, MOST_NAMED).join(', ')} ${touched.length === 1 ? 'takes' : 'take'} part, and ${touched.length === 1 ? 'does' : 'do'} not lose by it.`
}

/** Less of something, and more of nothing. */
function hasLost(contract: Address, { deltas }: TransactionFacts): boolean {
  const changes = [...(deltas.get(contract)?.values() ?? [])]
  return changes.length > 0 && changes.every((amount) => amount < 0n)
}
