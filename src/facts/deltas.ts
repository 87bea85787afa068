import type { BalanceDeltas, Fact, TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { ZERO_ADDRESS } from '../model/hex.ts'

/** The key of an asset in balance deltas: the contract, and the id where tokens are not fungible. */
export function assetKey(fact: TransferFact): string {
  return fact.tokenId === null ? fact.asset : `${fact.asset}/${fact.tokenId}`
}

/**
 * Net change of every account and asset. The zero address stands for "not in existence", so the deltas of an
 * asset over all other accounts sum to its mints minus burns, and over all accounts to zero.
 */
export function balanceDeltas(facts: readonly Fact[]): BalanceDeltas {
  const deltas = new Map<Address, Map<string, bigint>>()
  for (const fact of facts) {
    if (fact.kind !== 'transfer' || fact.amount === 0n || fact.from === fact.to) continue
    const key = assetKey(fact)
    add(deltas, fact.from, { key, amount: -fact.amount })
    add(deltas, fact.to, { key, amount: fact.amount })
  }
  deltas.delete(ZERO_ADDRESS)
  return deltas
}

function add(
  deltas: Map<Address, Map<string, bigint>>,
  account: Address,
  change: { key: string; amount: bigint },
): void {
  let assets = deltas.get(account)
  if (assets === undefined) {
    assets = new Map()
    deltas.set(account, assets)
  }
  const sum = (assets.get(change.key) ?? 0n) + change.amount
  if (sum === 0n) assets.delete(change.key)
  else assets.set(change.key, sum)
}
