import type { Asset, BlockBundle, Transaction } from './block.ts'
import type { Address, Hex } from './hex.ts'
import type { StateRead } from './state-read.ts'

/**
 * A Fact is something that happened in a transaction, said in the words of value and control.
 * `frame` is the index of the frame in which it happened, −1 where that is not known (receipt logs only).
 * Facts of a transaction stand in execution order; what was reverted is not a fact.
 */
export type Fact = TransferFact | SwapFact | ControlFact | ValuationFact | ApprovalFact

/** Value moved. Mint: `from` is the zero address; burn: `to` is. */
export type TransferFact = {
  kind: 'transfer'
  standard: 'native' | 'erc20' | 'erc721' | 'erc1155'
  asset: Asset
  from: Address
  to: Address
  /** base units; 1 for an ERC-721 token */
  amount: bigint
  tokenId: bigint | null
  frame: number
  /** Who says so: the token's log, or the call that asked for it (believed less). */
  source: 'log' | 'call'
}

/** A trade against a pool, seen from the pool. */
export type SwapFact = {
  kind: 'swap'
  pool: Address
  trader: Address | null
  assetIn: Asset
  assetOut: Asset
  amountIn: bigint
  amountOut: bigint
  frame: number
}

export type ControlChange =
  | 'owner-changed'
  | 'role-granted'
  | 'role-revoked'
  | 'implementation-changed'
  | 'admin-changed'
  | 'beacon-changed'
  | 'paused'
  | 'unpaused'

/** Who may do what was changed on `contract`. */
export type ControlFact = {
  kind: 'control'
  change: ControlChange
  contract: Address
  /** The new owner, grantee, implementation…; null where it is not told. */
  subject: Address | null
  role: Hex | null
  frame: number
}

/** A contract asked another what something is worth (share price, reserves, oracle). */
export type ValuationFact = {
  kind: 'valuation'
  /** Whose price. */
  source: Address
  /** Who asked. */
  reader: Address | null
  selector: Hex
  /** The answer's first words. */
  answer: readonly bigint[]
  frame: number
}

export type ApprovalFact = {
  kind: 'approval'
  asset: Address
  owner: Address
  spender: Address
  /** base units; for operator approvals 1 or 0 */
  amount: bigint
  frame: number
}

/** All that is known of one transaction. */
export type TransactionFacts = {
  transaction: Transaction
  facts: readonly Fact[]
  deltas: BalanceDeltas
}

/** Facts of one block, in transaction order. */
export type BlockFacts = {
  bundle: BlockBundle
  transactions: readonly TransactionFacts[]
  /** What detectors asked of the state after the block; absent where nobody could be asked (recordings, pending). */
  reads?: readonly StateRead[]
}

/** account → asset → net change in base units. ERC-721 and 1155 tokens count as one asset a contract and id. */
export type BalanceDeltas = ReadonlyMap<Address, ReadonlyMap<string, bigint>>
