import type { Funding } from '../../model/actor.ts'
import type { AddressLabel } from '../../model/address-label.ts'
import type { BlockFacts, TransactionFacts } from '../../model/fact.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import type { MinHash } from '../../model/minhash.ts'

/** A transaction with its place on the chain. */
export type Placed = { tx: TransactionFacts; block: number; producer: Address | null }

/** A payment to an account; `order` is its place among all that were read. */
export type Payment = Omit<Funding, 'hop' | 'label'> & { order: number }

/** How an account began; what is left out is not known. */
export type Origin = {
  deployer?: Address
  createdAt?: { block: number; transactionHash: Hash }
  /** Transactions that it had sent before the first that is investigated. */
  nonce?: number
}

export type KnownCode = { name: string; minHash: MinHash }

/** All that is known besides the investigated transactions: read from the record, from a node, from lists, from the database. */
export type Known = {
  /** Before the first investigated one, in chain order. */
  before: readonly Placed[]
  /** Not investigated themselves: in the blocks of those that are, and in the ones after. */
  near: readonly Placed[]
  /** What a node told. */
  origins: ReadonlyMap<Address, Origin>
  payments: readonly Payment[]
  /** Runtime code, where a node told it. */
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

/** A record in chain order, parted at the first investigated transaction; those that are investigated are left out. */
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
