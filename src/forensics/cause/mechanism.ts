import type { Address, Hash } from '../../model/hex.ts'
import type { Evidence } from './evidence.ts'

/** A way in which the rule of a contract let value out, seen in the trace. */
export type Mechanism = {
  category: string
  contract: Address
  /** 0 to 1: how much the sign says; not a probability. */
  confidence: number
  /** Why, in one sentence. */
  statement: string
  /** In that transaction; null where the statement is about all of them. */
  frames: readonly number[]
  transactionHash: Hash | null
}
/** A sign in one transaction. */
export type Sign = Omit<Mechanism, 'transactionHash'>

/** The evidence of one transaction, and the contract that is suspected first. */
export type Suspicion = { evidence: Evidence; suspect: Address }

export const MOST_FRAMES = 10
