import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'

const MOST = 200

/**
 * What else these transactions show to be at risk: contracts that ran the code of the weak one, and approvals that reach a
 * victim or an attacker. What the chain holds besides is not looked at.
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
  const approvals = transactions.flatMap(({ facts }) =>
    facts.flatMap((fact) =>
      fact.kind === 'approval' && watched.has(fact.spender) && fact.amount > 0n
        ? [{ owner: fact.owner, spender: fact.spender, asset: fact.asset, amount: fact.amount }]
        : [],
    ),
  )
  return { sameCode: sameCode.slice(0, MOST), approvals: approvals.slice(0, MOST) }
}
