import type { Funding } from '../../model/actor.ts'
import type { AddressLabel } from '../../model/address-label.ts'
import type { BlockFacts, TransactionFacts } from '../../model/fact.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import type { MinHash } from '../../model/minhash.ts'

/** A transaction with its position on the chain. */
export type Placed = { tx: TransactionFacts; block: number; producer: Address | null }

/** A payment to an account; `order` is its position among all that were read. */
export type Payment = Omit<Funding, 'hop' | 'label'> & { order: number }

/** How an account began; omitted fields are unknown. */
export type Origin = {
  deployer?: Address
  createdAt?: { block: number; transactionHash: Hash }
  /** The number of transactions that it had sent before the first investigated one. */
  nonce?: number
}

export type KnownCode = { name: string; minHash: MinHash }

/**
 * All knowledge besides the investigated transactions: read from the record, from a node, from lists, from the
 * database.
 */
export type Known = {
  /** Before the first investigated one, in chain order. */
  before: readonly Placed[]
  /** Not investigated themselves: in the blocks of the investigated ones, and in the blocks after. */
  near: readonly Placed[]
  /** The origins that a node reported. */
  origins: ReadonlyMap<Address, Origin>
  payments: readonly Payment[]
  /** Runtime code, if a node returned it. */
  code: ReadonlyMap<Address, Hex>
  labels: ReadonlyMap<Address, AddressLabel>
  attackersCode: readonly KnownCode[]
  /** Other incidents on record. */
  incidents: readonly { id: string; actors: readonly Address[] }[]
}

export const NOTHING_KNOWN: Known = {
  before: [],
  near: [],
  origins: new Map(),
  payments: [],
  code: new Map(),
  labels: new Map(),
  attackersCode: [],
  incidents: [],
}

/** A record in chain order, split at the first investigated transaction; the investigated ones are left out. */
export function partRecord(
  record: readonly BlockFacts[],
  { hashes, chainId }: { hashes: ReadonlySet<Hash>; chainId: number },
): Pick<Known, 'before' | 'near'> {
  const before: Placed[] = []
  const near: Placed[] = []
  let isAfter = false
  for (const { bundle, transactions } of record) {
    if (bundle.chainId !== chainId) continue
    const place = { block: bundle.number, producer: bundle.miner }
    const isNear = isAfter || transactions.some(({ transaction }) => hashes.has(transaction.hash))
    for (const tx of transactions) {
      const isInvestigated = hashes.has(tx.transaction.hash)
      isAfter ||= isInvestigated
      if (isInvestigated) continue
      if (isNear) near.push({ ...place, tx })
      if (!isAfter) before.push({ ...place, tx })
    }
  }
  return { before, near }
}
