import type { TransactionFacts, TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { ZERO_ADDRESS } from '../model/hex.ts'

/** Net changes and movements of a transaction, with the chain's coin and its wrapped form as one asset. */
export type Ledger = {
  transfers: readonly TransferFact[]
  /** account → asset → net change in base units; no zeros. Fungible assets only. */
  net: ReadonlyMap<Address, ReadonlyMap<string, bigint>>
  /** Tokens that were given for the coin, or for which it was given, one for one. */
  wrappers: ReadonlySet<string>
}

/**
 * Wrapping changes nobody's fortune: a token that its own contract mints or burns for the same amount of the coin counts as the
 * coin, and both movements are left out.
 */
export function ledgerOf(tx: TransactionFacts): Ledger {
  const all = tx.facts.filter((fact) => fact.kind === 'transfer').filter(({ tokenId }) => tokenId === null)
  const coins = new Set<string>()
  for (const { asset, from, to, amount } of all)
    if (asset === 'native' && amount > 0n) coins.add(`${from}>${to}:${amount}`)
  const wrappers = new Set<string>()
  const wrapping = new Set<TransferFact>()
  const legs = new Set<string>()
  for (const transfer of all) {
    const { asset, from, to, amount } = transfer
    if (asset === 'native' || amount === 0n) continue
    const leg =
      to === ZERO_ADDRESS
        ? `${asset}>${from}:${amount}`
        : from === ZERO_ADDRESS
          ? `${to}>${asset}:${amount}`
          : ''
    if (!coins.has(leg)) continue
    wrappers.add(asset)
    wrapping.add(transfer)
    legs.add(leg)
  }
  const transfers = all.filter((transfer) => {
    const { asset, from, to, amount } = transfer
    return !wrapping.has(transfer) && !(asset === 'native' && legs.has(`${from}>${to}:${amount}`))
  })
  const net = new Map<Address, Map<string, bigint>>()
  const add = (account: Address, asset: string, amount: bigint): void => {
    const of = net.get(account) ?? new Map<string, bigint>()
    net.set(account, of)
    const sum = (of.get(asset) ?? 0n) + amount
    if (sum === 0n) of.delete(asset)
    else of.set(asset, sum)
  }
  for (const { asset, from, to, amount } of transfers) {
    if (amount === 0n || from === to) continue
    const one = wrappers.has(asset) ? 'native' : asset
    if (from !== ZERO_ADDRESS) add(from, one, -amount)
    if (to !== ZERO_ADDRESS) add(to, one, amount)
  }
  return { transfers, net, wrappers }
}

/** Less than this part of the largest movement of an asset is dust: routers keep it, and it says nothing about a loss. */
const DUST_PART = 1_000n

/** Tells whether a loss is dust, compared with the largest movement of its asset. */
export function dustIn({ transfers, wrappers }: Ledger): (asset: string, amount: bigint) => boolean {
  const largest = new Map<string, bigint>()
  for (const { asset, amount } of transfers) {
    const one = wrappers.has(asset) ? 'native' : asset
    if (amount > (largest.get(one) ?? 0n)) largest.set(one, amount)
  }
  return (asset, amount) => amount * DUST_PART < (largest.get(asset) ?? 0n)
}

/** Net change of a group of accounts, by asset; no zeros. */
export function netOfSide({ net }: Pick<Ledger, 'net'>, side: Iterable<Address>): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const account of side)
    for (const [asset, amount] of net.get(account) ?? []) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  for (const [asset, amount] of sums) if (amount === 0n) sums.delete(asset)
  return sums
}
