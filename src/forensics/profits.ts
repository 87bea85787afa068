import type { Address } from '../model/hex.ts'
import type { BalanceChange, Investigation } from '../model/investigation.ts'
import { centsOf, usdText } from '../model/usd.ts'
import { keyOf } from './fund-flow/key.ts'

type Profit = Investigation['profits'][number]
type Summed = Profit['change'][number]

/** Roles of accounts that act for the attack; gains of others are not part of it. */
const SIDES: ReadonlySet<string> = new Set(['attacker', 'accomplice', 'copier', 'white-hat'])

/** The joint gain of each group of attackers: transfers between its members cancel out. */
export function profitsOf({
  actors,
  balanceChanges,
}: Pick<Investigation, 'actors' | 'balanceChanges'>): Profit[] {
  const groups = new Map<Address, Address[]>()
  for (const { address, role, cluster = address } of actors)
    if (SIDES.has(role)) groups.set(cluster, [...(groups.get(cluster) ?? []), address])
  return [...groups].map(([cluster, members]) => {
    const own = new Set(members)
    return { cluster, members, change: summed(balanceChanges.filter(({ account }) => own.has(account))) }
  })
}

function summed(changes: readonly BalanceChange[]): Summed[] {
  const sums = new Map<string, Summed>()
  for (const { asset, tokenId, amount, usd } of changes) {
    const known = sums.get(keyOf({ asset, tokenId }))
    const dollars = usd === undefined ? {} : { usd: usdText(centsOf(known?.usd ?? '0.00') + centsOf(usd)) }
    sums.set(keyOf({ asset, tokenId }), {
      asset,
      tokenId,
      amount: (known?.amount ?? 0n) + amount,
      ...dollars,
    })
  }
  return [...sums.values()].filter(({ amount }) => amount !== 0n)
}
