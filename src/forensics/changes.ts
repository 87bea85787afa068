import type { BalanceDeltas, TransactionFacts } from '../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../model/hex.ts'

/** account → asset key → net change over several transactions, base units; zeros left out. */
export function netChanges(transactions: readonly TransactionFacts[]): BalanceDeltas {
  const net = new Map<Address, Map<string, bigint>>()
  for (const { deltas } of transactions) {
    for (const [account, assets] of deltas) {
      const own = net.get(account) ?? new Map<string, bigint>()
      net.set(account, own)
      for (const [asset, amount] of assets) own.set(asset, (own.get(asset) ?? 0n) + amount)
    }
  }
  for (const assets of net.values())
    for (const [asset, amount] of assets) if (amount === 0n) assets.delete(asset)
  return net
}

/** asset key → minted minus burned over several transactions, base units; zeros left out. */
export function issuedIn(transactions: readonly TransactionFacts[]): ReadonlyMap<string, bigint> {
  const issued = new Map<string, bigint>()
  for (const fact of transactions.flatMap(({ facts }) => facts)) {
    if (fact.kind !== 'transfer' || fact.from === fact.to) continue
    const sign = fact.from === ZERO_ADDRESS ? 1n : fact.to === ZERO_ADDRESS ? -1n : 0n
    const key = fact.tokenId === null ? fact.asset : `${fact.asset}/${fact.tokenId}`
    if (sign !== 0n) issued.set(key, (issued.get(key) ?? 0n) + sign * fact.amount)
  }
  for (const [key, amount] of issued) if (amount === 0n) issued.delete(key)
  return issued
}
