import { getContractAddress } from 'viem'
import type { Frame } from '../model/block.ts'
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
  for (const tx of transactions) {
    const { transaction } = tx
    const { from, to, frames } = transaction
    if (from !== null) accounts.add(from)
    const lead = createdBefore(transaction)
    if (to !== null && isTool(to, tx, { net, spared, lead })) contracts.add(to)
    for (const earlier of lead) if (!spared.has(earlier)) contracts.add(earlier)
    for (const { type, from: creator, to: created, reverted } of frames) {
      const isNew = (type === 'CREATE' || type === 'CREATE2') && created !== null && !reverted
      if (!isNew || spared.has(created)) continue
      if (creator !== null && (contracts.has(creator) || accounts.has(creator))) contracts.add(created)
    }
  }
  for (const account of accounts) contracts.delete(account)
  return { accounts: [...accounts], contracts: [...contracts] }
}

type Calling = { net: BalanceDeltas; spared: ReadonlySet<Address>; lead: readonly Address[] }

/**
 * Whether the contract that the sender called is the sender’s own. It is not where it paid the sender and gained nothing, or where
 * everything that happened is its own doing: it runs as a proxy, or calls nobody. A contract that a finding calls the victim is the sender’s all the same if it passed on what strangers gave it.
 */
function isTool(to: Address, tx: TransactionFacts, { net, spared, lead }: Calling): boolean {
  const { from, frames } = tx.transaction
  if (frames.length < 2) return false
  if (spared.has(to)) return passesOn(to, tx)
  if (lead.includes(to)) return true
  return !paid(net, to, from) && !isAlone(to, tx.transaction)
}

/** It is a proxy, or it calls nobody else. */
function isAlone(to: Address, { frames }: TransactionFacts['transaction']): boolean {
  const [root, first] = frames
  if (root?.type !== 'CALL') return false
  const isProxy = first?.type === 'DELEGATECALL' && first.input === root.input && root.input.length > 2
  return isProxy || !frames.some((frame) => frame.from === to && callsOther(frame, to))
}

function callsOther({ type, context, input, index, end }: Frame, to: Address): boolean {
  if (type.startsWith('CREATE')) return true
  const isPlain = input.length <= 2 && end === index + 1
  return type === 'CALL' && context !== to && !isPlain && !isPrecompile(context)
}

/** Addresses that no key and no contract has: the first ones run code of the chain itself. */
function isPrecompile(account: Address | null): boolean {
  return account?.startsWith('0x00000000000000000000000000000000000') === true
}

/** A loss below this part of what an account took in is dust: it does not make the account a victim. */
const DUST_PART = 100n

/** It took something from others, and has no less than before but for dust. */
function passesOn(to: Address, { facts, deltas }: TransactionFacts): boolean {
  const taken = new Map<string, bigint>()
  for (const fact of facts)
    if (fact.kind === 'transfer' && fact.to === to && fact.tokenId === null)
      taken.set(fact.asset, (taken.get(fact.asset) ?? 0n) + fact.amount)
  if (taken.size === 0) return false
  return [...(deltas.get(to) ?? [])].every(
    ([asset, amount]) => amount >= 0n || -amount * DUST_PART <= (taken.get(asset) ?? 0n),
  )
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
