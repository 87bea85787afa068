import type { Scope } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'

/** True where an account lost something over the transaction and gained nothing. */
export function oneSidedLoss(tx: TransactionFacts, account: Address): boolean {
  let known = answers.get(tx)
  if (known === undefined) {
    known = new Map()
    answers.set(tx, known)
  }
  const before = known.get(account)
  if (before !== undefined) return before
  const changes = [...(tx.deltas.get(account)?.values() ?? [])]
  const answer = changes.length > 0 && changes.every((amount) => amount < 0n)
  known.set(account, answer)
  return answer
}

/** True where a group gained something over the transaction and lost nothing in total. */
export function gainsOnly(tx: TransactionFacts, group: Iterable<Address>): boolean {
  const net = new Map<string, bigint>()
  for (const account of group)
    for (const [asset, amount] of tx.deltas.get(account) ?? [])
      net.set(asset, (net.get(asset) ?? 0n) + amount)
  const amounts = [...net.values()]
  return amounts.some((amount) => amount > 0n) && amounts.every((amount) => amount >= 0n)
}

/**
 * One movement or none, while nothing is protected: the sweep of a wallet, an order, a keeper's pull look the same, so it is no
 * page. A movement through a proxied token counts once.
 */
export function isLone({ facts }: TransactionFacts, scope: Scope): boolean {
  if (scope.kind !== 'everything') return false
  const moved = new Set<string>()
  for (const fact of facts)
    if (fact.kind === 'transfer' && fact.amount > 0n) moved.add(`${fact.from}${fact.to}${fact.amount}`)
  return moved.size <= 1
}

/** Needed for each of thousands of transfers, while an account may hold thousands of assets: cached with the facts. */
const answers = new WeakMap<TransactionFacts, Map<Address, boolean>>()
