import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import type { ScopeApproval } from '../model/scope-at-risk.ts'

const MOST = 200

/**
 * The other contracts and funds at risk that these transactions show: contracts that ran the code of the weak one, and
 * approvals that reach a victim or an attacker. Other data on the chain is not read.
 */
export function scopeOf(
  transactions: readonly TransactionFacts[],
  { weak, watched }: { weak: Address | null; watched: ReadonlySet<Address> },
): Investigation['scope'] {
  const code = new Map<Address, Address>()
  for (const { transaction } of transactions)
    for (const { type, to, context } of transaction.frames)
      if (type === 'DELEGATECALL' && to !== null && context !== null && !code.has(context))
        code.set(context, to)
  const own = weak === null ? undefined : (code.get(weak) ?? weak)
  const sameCode = [...code]
    .filter(([address, ran]) => ran === own && address !== weak)
    .map(([address]) => address)
  return { sameCode: sameCode.slice(0, MOST), approvals: lastApprovals(transactions, watched).slice(0, MOST) }
}

/** The last approval of each owner to each watched spender; a revoked one does not count. */
export function lastApprovals(
  transactions: readonly TransactionFacts[],
  watched: ReadonlySet<Address>,
): ScopeApproval[] {
  const last = new Map<string, ScopeApproval>()
  for (const fact of transactions.flatMap(({ facts }) => facts)) {
    if (fact.kind !== 'approval' || !watched.has(fact.spender)) continue
    const { owner, spender, asset, amount } = fact
    last.set(`${owner}/${spender}/${asset}`, { owner, spender, asset, amount })
  }
  return [...last.values()].filter(({ amount }) => amount > 0n)
}
