import type { Address } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import type { ScopeApproval } from '../model/scope-at-risk.ts'

/**
 * The amounts that approvals allow to be pulled, by asset: for each owner at most its balance, whichever spender pulls.
 * `balances` by `owner/asset`.
 */
export function exposureOf(
  approvals: readonly ScopeApproval[],
  balances: ReadonlyMap<string, bigint>,
): NonNullable<Investigation['scope']['exposure']> {
  const byOwner = new Map<string, { asset: Address; allowed: bigint }>()
  for (const { owner, asset, amount, exposed } of approvals) {
    if (exposed === undefined) continue
    const key = `${owner}/${asset}`
    byOwner.set(key, { asset, allowed: (byOwner.get(key)?.allowed ?? 0n) + amount })
  }
  const sums = new Map<Address, { amount: bigint; owners: number }>()
  for (const [key, { asset, allowed }] of byOwner) {
    const held = balances.get(key) ?? 0n
    const amount = lesser(allowed, held)
    if (amount === 0n) continue
    const sum = sums.get(asset) ?? { amount: 0n, owners: 0 }
    sums.set(asset, { amount: sum.amount + amount, owners: sum.owners + 1 })
  }
  return [...sums].map(([asset, sum]) => ({ asset, ...sum }))
}

export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}
