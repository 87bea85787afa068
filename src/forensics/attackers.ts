import { getContractAddress } from 'viem'
import { type Frame, NATIVE } from '../model/block.ts'
import type { BalanceDeltas, TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'

export type Attackers = { accounts: Address[]; contracts: Address[] }

export type AttackersOptions = {
  transactions: readonly TransactionFacts[]
  net: BalanceDeltas
  /** Contracts that are never the attacker's: protected contracts, and those that the findings call victims. */
  spared: ReadonlySet<Address>
  /** Those that are never the attacker's whatever the trace shows. */
  protect?: ReadonlySet<Address>
}

/**
 * The senders, the contracts they called that are not victims, the contracts created by those, and the contracts that
 * the senders created before: the address of a contract shows its creator and transaction. All other accounts are at
 * most suspected.
 */
export function attackersOf({ transactions, net, spared, protect = new Set() }: AttackersOptions): Attackers {
  const accounts = new Set<Address>()
  const contracts = new Set<Address>()
  for (const tx of transactions) {
    const { transaction } = tx
    const { from, to, frames } = transaction
    if (from !== null) accounts.add(from)
    const lead = createdBefore(transaction)
    if (to !== null && !protect.has(to) && isTool(to, tx, { net, spared, lead })) contracts.add(to)
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
 * Whether the contract that the sender called is the sender’s own. It is not where it paid the sender and gained nothing,
 * or where everything that happened is its own doing: it runs as a proxy, or calls nobody. A contract that a finding
 * calls the victim is the sender’s all the same if strangers called it back and it only passed on what they gave it.
 */
function isTool(to: Address, tx: TransactionFacts, { net, spared, lead }: Calling): boolean {
  const { from, frames } = tx.transaction
  if (frames.length < 2) return false
  if (spared.has(to)) return isCalledBack(to, tx.transaction) && passesOn(to, tx)
  if (lead.includes(to)) return true
  return !paid(net, to, from) && !isAlone(to, tx)
}

/** It calls nobody else, or it is a proxy that neither trades nor makes contracts nor is called back: attackers use proxies too. */
function isAlone(to: Address, { transaction, facts }: TransactionFacts): boolean {
  const [root, first] = transaction.frames
  if (root?.type !== 'CALL') return false
  const isProxy = first?.type === 'DELEGATECALL' && first.input === root.input && root.input.length > 2
  if (!isProxy) return !transaction.frames.some((frame) => frame.from === to && callsOther(frame, to))
  const trades = facts.some((fact) => fact.kind === 'swap' && fact.trader === to && fact.pool !== to)
  const makes = transaction.frames.some(({ type, from }) => from === to && type.startsWith('CREATE'))
  return !trades && !makes && !isCalledBack(to, transaction)
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

/** A contract that it had called calls it with data: a lender, or a token with hooks. */
function isCalledBack(to: Address, { frames }: TransactionFacts['transaction']): boolean {
  return frames.some(
    ({ type, context, from, parent, input }) =>
      type === 'CALL' && context === to && parent >= 0 && from !== to && input.length > 2,
  )
}

/** Others gave it something that it did not pull, and it has no less than before but for dust. */
function passesOn(to: Address, { transaction: { frames }, facts, deltas }: TransactionFacts): boolean {
  const taken = new Map<string, bigint>()
  for (const fact of facts) {
    if (fact.kind !== 'transfer' || fact.tokenId !== null) continue
    const isPull = fact.from !== to && fact.asset !== NATIVE && frames[fact.frame]?.from === to
    if (isPull && fact.amount > 0n) return false
    if (fact.to === to) taken.set(fact.asset, (taken.get(fact.asset) ?? 0n) + fact.amount)
  }
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
