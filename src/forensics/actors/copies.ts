import type { Address, Hash } from '../../model/hex.ts'
import { attackersOf } from '../attackers.ts'
import { netChanges } from '../changes.ts'
import type { Placed } from './known.ts'

/** Calls of a transaction that are compared, and hex digits of each. */
const MOST_CALLS = 64
const MOST_DIGITS = 4_096
/** Transactions that are compared with each investigated one. */
const MOST_COMPARED = 2_000

/** A transaction by other accounts that does the same to the victims. */
export type Copy = {
  role: 'copier' | 'unknown'
  accounts: readonly Address[]
  contracts: readonly Address[]
  confidence: number
  reasons: string[]
}

export type CopiesOptions = {
  investigated: readonly Placed[]
  near: readonly Placed[]
  victims: ReadonlySet<Address>
}

type Doing = Placed & {
  hash: Hash
  accounts: readonly Address[]
  contracts: readonly Address[]
  /** Victims and selectors in call order, consecutive duplicates once. */
  calls: string
  /** The calldata of these calls, without the sender’s own addresses. */
  calldata: string
  hasGained: boolean
  /** It failed, or moved nothing of its own: neither a gain nor a trade. */
  isFruitless: boolean
  paidProducer: bigint
}

/**
 * The accounts that did the same as an investigated transaction. The result also shows if the investigated transaction
 * is itself the copy of a front-runner: it paid to come first in its block, and the same transaction of another account
 * failed after it. An account that gave something for its gain has traded and copied nothing.
 */
export function copiesOf({ investigated, near, victims }: CopiesOptions): Copy[] {
  const originals = investigated
    .flatMap((placed) => doing(placed, victims) ?? [])
    .filter(({ hasGained }) => hasGained)
  const others = near.slice(0, MOST_COMPARED).flatMap((placed) => doing(placed, victims) ?? [])
  const copies: Copy[] = []
  for (const original of originals)
    for (const other of [...originals, ...others]) {
      const isOwn = other.accounts.some((account) => original.accounts.includes(account))
      if (isOwn || other.calls !== original.calls || sharesContracts(original, other)) continue
      const copy = compared(original, other)
      if (copy !== undefined) copies.push(copy)
    }
  return copies
}

function compared(original: Doing, other: Doing): Copy | undefined {
  const isLater = isAfter(other, original)
  const isSameBlock = other.block === original.block
  if (!other.hasGained)
    return isLater && isSameBlock && other.isFruitless ? overtaken(original, other) : undefined
  const isSame = original.calldata === other.calldata
  const outbid =
    isSameBlock &&
    !isLater &&
    (other.tx.transaction.gasPrice ?? 0n) > (original.tx.transaction.gasPrice ?? 0n)
  // if both gained, the earlier one is the copy only if it paid to come first
  if (!isLater && !(isSameBlock && (outbid || other.paidProducer > 0n))) return undefined
  const isCopier = isSame || other.paidProducer > 0n
  const { accounts, contracts } = other
  return {
    role: isCopier ? 'copier' : 'unknown',
    accounts,
    contracts,
    confidence: 0.4 + (isSame ? 0.25 : 0) + (other.paidProducer > 0n ? 0.15 : 0) + (outbid ? 0.1 : 0),
    reasons: [
      `calls the victims in ${other.hash} as ${original.hash} does, in the same order, and gives nothing for what it gets`,
      ...(isSame ? ['its calldata is the same but for its own addresses'] : []),
      ...payments(other),
      ...(outbid ? [`paid more for gas than ${original.hash}, which came after it in the block`] : []),
      ...(isCopier ? [] : ['nothing tells a copier from a second attacker here']),
    ],
  }
}

/** The investigated transaction came first, and paid for it; the other did the same and gained nothing. */
function overtaken(original: Doing, other: Doing): Copy | undefined {
  const outbid = (original.tx.transaction.gasPrice ?? 0n) > (other.tx.transaction.gasPrice ?? 0n)
  const isSame = original.calldata === other.calldata
  // searchers race for the same trade with their own code: that alone is not a copy
  if (original.paidProducer === 0n && !(outbid && isSame)) return undefined
  const { accounts, contracts } = original
  return {
    role: 'copier',
    accounts,
    contracts,
    confidence: 0.4 + (isSame ? 0.2 : 0) + (original.paidProducer > 0n ? 0.1 : 0),
    reasons: [
      `${other.hash}, of ${other.accounts.join(', ')}, does the same later in the block and gets nothing: ${original.hash} came before it`,
      ...(isSame ? ['the calldata is the same but for the own addresses'] : []),
      ...payments(original),
      ...(outbid ? [`paid more for gas than ${other.hash}`] : []),
    ],
  }
}

function payments({ paidProducer, producer, hash }: Doing): string[] {
  return paidProducer > 0n
    ? [`paid ${paidProducer} of the coin to ${producer ?? 'nobody'}, who made the block, in ${hash}`]
    : []
}

function doing(placed: Placed, victims: ReadonlySet<Address>): Doing | undefined {
  const { tx, producer } = placed
  const { frames, hash } = tx.transaction
  const entries = frames
    .filter(
      ({ type, from, context }) =>
        type === 'CALL' && from !== null && context !== null && victims.has(context) && !victims.has(from),
    )
    .slice(0, MOST_CALLS)
  if (entries.length === 0) return undefined
  const net = netChanges([tx])
  const { accounts, contracts } = attackersOf({ transactions: [tx], net, spared: victims })
  const own = new Set([...accounts, ...contracts])
  const changes = [...own].flatMap((address) => [...(net.get(address) ?? [])])
  const sums = new Map<string, bigint>()
  for (const [asset, amount] of changes) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  const hasVictim = [...victims].some((it) =>
    [...(net.get(it)?.values() ?? [])].some((amount) => amount < 0n),
  )
  const steps = entries.map(({ context, input }) => `${context}:${input.slice(0, 10)}`)
  return {
    ...placed,
    hash,
    accounts,
    contracts,
    calls: steps.filter((step, i) => step !== steps[i - 1]).join(' '),
    calldata: masked(entries.map(({ input }) => input.slice(0, MOST_DIGITS)).join(' '), own),
    isFruitless: tx.transaction.succeeded === false || sums.size === 0,
    hasGained:
      hasVictim &&
      [...sums.values()].some((amount) => amount > 0n) &&
      [...sums].every(([asset, amount]) => amount >= 0n || asset === 'native'),
    paidProducer: tx.facts.reduce(
      (sum, fact) =>
        fact.kind === 'transfer' && fact.asset === 'native' && fact.to === producer && own.has(fact.from)
          ? sum + fact.amount
          : sum,
      0n,
    ),
  }
}

function masked(text: string, own: ReadonlySet<Address>): string {
  return [...own].reduce((all, address) => all.replaceAll(address.slice(2), 'own'), text)
}

function sharesContracts(a: Doing, b: Doing): boolean {
  return a.contracts.some((contract) => b.contracts.includes(contract))
}

function isAfter(a: Doing, b: Doing): boolean {
  return a.block === b.block ? a.tx.transaction.index > b.tx.transaction.index : a.block > b.block
}
