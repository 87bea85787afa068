import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'

const MOST_USERS = 200
const MOST_DEPENDANTS = 100

export type UsageOptions = {
  transactions: readonly TransactionFacts[]
  weak: Address | null
  attackers: ReadonlySet<Address>
}

/**
 * The dependants of the weak contract, as these transactions show them: accounts whose transactions called it with
 * effect, and contracts that read its state or prices. The attackers are neither.
 */
export function usageOf({
  transactions,
  weak,
  attackers,
}: UsageOptions): Pick<Investigation['scope'], 'users' | 'dependants'> {
  if (weak === null) return {}
  const users = new Set<Address>()
  const reads = new Map<Address, number>()
  for (const { transaction } of transactions) {
    const { from: sender, frames } = transaction
    for (const { type, from, to, context, reverted } of frames) {
      if (to !== weak || context !== weak || reverted || from === null || from === weak) continue
      const isUse = type === 'CALL' && sender !== null && !attackers.has(sender)
      if (isUse) users.add(sender)
      if (type === 'STATICCALL' && from !== sender && !attackers.has(from))
        reads.set(from, (reads.get(from) ?? 0) + 1)
    }
  }
  return {
    users: { count: users.size, accounts: [...users].slice(0, MOST_USERS) },
    dependants: [...reads]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MOST_DEPENDANTS)
      .map(([address, count]) => ({ address, reads: count })),
  }
}
