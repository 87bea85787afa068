import { getContractAddress } from 'viem'
import type { BalanceDeltas, TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'

export type Attackers = { accounts: Address[]; contracts: Address[] }

export type AttackersOptions = {
  transactions: readonly TransactionFacts[]
  net: BalanceDeltas
  /** Contracts that are never the attacker's: protected contracts, and those that the findings call victims. */
  spared: ReadonlySet<Address>
}

/**
 * The senders, the contracts they called that are not victims, the contracts created by those, and the contracts that
 * the senders created before: the address of a contract shows its creator and transaction. All other accounts are at
 * most suspected.
 */
export function attackersOf({ transactions, net, spared }: AttackersOptions): Attackers {
  const accounts = new Set<Address>()
  const contracts = new Set<Address>()
  for (const { transaction } of transactions) {
    const { from, to, frames } = transaction
    if (from !== null) accounts.add(from)
    if (to !== null && frames.length > 1 && !spared.has(to) && !paid(net, to, from)) contracts.add(to)
    for (const earlier of createdBefore(transaction)) if (!spared.has(earlier)) contracts.add(earlier)
    for (const { type, from: creator, to: created, reverted } of frames) {
      const isNew = (type === 'CREATE' || type === 'CREATE2') && created !== null && !reverted
      if (!isNew || spared.has(created)) continue
      if (creator !== null && (contracts.has(creator) || accounts.has(creator))) contracts.add(created)
    }
  }
  for (const account of accounts) contracts.delete(account)
  return { accounts: [...accounts], contracts: [...contracts] }
}

/** An attacker deploys shortly before; an account that has sent more than this since is not examined further. */
const MOST_NONCES = 1_000n

/**
 * Contracts in the trace that the sender's earlier transactions created. Source: CREATE takes sender and nonce (yellow
 * paper, 7).
 */
function createdBefore({ from, nonce, frames }: TransactionFacts['transaction']): Address[] {
  if (from === null || nonce === null) return []
  const called = new Set(frames.map(({ to }) => to))
  const created: Address[] = []
  const end = BigInt(nonce)
  for (let n = end > MOST_NONCES ? end - MOST_NONCES : 0n; n < end; n++) {
    const address = getContractAddress({ from, nonce: n }).toLowerCase() as Address
    if (called.has(address)) created.push(address)
  }
  return created
}

/**
 * It gained nothing, and the sender has something that it gave: a victim that was called directly. Bots pay others with
 * the coin.
 */
function paid(net: BalanceDeltas, account: Address, sender: Address | null): boolean {
  const changes = [...(net.get(account) ?? [])]
  const got = net.get(sender ?? '0x')
  return changes.every(([, amount]) => amount < 0n) && changes.some(([asset]) => (got?.get(asset) ?? 0n) > 0n)
}
