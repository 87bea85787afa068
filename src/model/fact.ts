import type { Asset, BlockBundle, Transaction } from './block.ts'
import type { Address, Hex } from './hex.ts'
import type { StateRead } from './state-read.ts'

/**
 * A Fact is an event in a transaction, described in terms of value and control. `frame` is the index of the frame in
 * which it happened, −1 where that is not known (receipt logs only). Facts of a transaction are in execution order;
 * reverted events are not facts.
 */
export type Fact =
  | TransferFact
  | SwapFact
  | ActionFact
  | ControlFact
  | ValuationFact
  | ApprovalFact
  | DiscrepancyFact

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
  /** The source: the token's log, or the call that requested it (less trusted). */
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
  /** The family by whose signature the pool was recognised in this transaction; null if by shape alone. */
  protocol: string | null
  frame: number
}

/**
 * The ways to use a protocol, other than trade. `mint` and `burn`: a pool’s liquidity, an option or a synthetic asset
 * was issued or redeemed. `open` and `close`: a leveraged position was enlarged or reduced.
 */
export const actionKinds = [
  'mint',
  'burn',
  'deposit',
  'withdraw',
  'borrow',
  'repay',
  'liquidate',
  'flash-loan',
  'exercise',
  'settle',
  'open',
  'close',
] as const
export type ActionKind = (typeof actionKinds)[number]

/** Base units of an asset; the asset is null where no log or call names it and nothing of that amount moved. */
export type AssetAmount = { asset: Asset | null; amount: bigint }

/**
 * An account used a protocol. The protocol’s own log (`log`) or the caller’s request (`call`) is a claim: the actual
 * movements are in the transfers. `shape` is derived from the movements.
 */
export type ActionFact = {
  kind: 'action'
  action: ActionKind
  /** The pool, market, vault or engine: the contract whose storage it acted on, so the proxy not the implementation. */
  contract: Address
  /** The code that `contract` ran to do it, where it is a proxy or clone; null where it is its own or not known. */
  implementation: Address | null
  /** The account that made the request. */
  actor: Address | null
  /** The beneficiary: the receiver, or the owner of the debt or position. */
  beneficiary: Address | null
  /** Into the contract. */
  given: readonly AssetAmount[]
  /** Out of the contract; the principal of a flash loan. Its repayment is in `given` where it is known. */
  taken: readonly AssetAmount[]
  /** The family by whose signature it was recognised; null where recognised by shape. */
  protocol: string | null
  source: 'log' | 'call' | 'shape'
  frame: number
}

/**
 * A token's logs and its answers differ within one transaction. Lies, fees on transfer and rebases all look like this:
 * it shows that the claimed amounts of this asset are not reliable, not that it is an attack.
 */
export type DiscrepancyFact = {
  kind: 'discrepancy'
  about: 'balance' | 'supply'
  asset: Address
  /** The account whose balance is meant; for `supply` the sender of more than exists. */
  account: Address
  /** Base units. `balance`: the sum of the transfers between two reads. `supply`: the amount claimed to have moved. */
  claimed: bigint
  /** Base units. `balance`: the difference between the answers. `supply`: the total, by the token’s own answer. */
  observed: bigint
  /** The reads between which it was noticed; for `supply` the read and the transfer. */
  frames: readonly number[]
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

/** A change of permissions on `contract`. */
export type ControlFact = {
  kind: 'control'
  change: ControlChange
  contract: Address
  /** The new owner, grantee, implementation…; null where it is not known. */
  subject: Address | null
  role: Hex | null
  frame: number
}

/** A contract asked another for a valuation (share price, reserves, oracle). */
export type ValuationFact = {
  kind: 'valuation'
  /** The contract whose price is read. */
  source: Address
  /** The contract that reads. */
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

/** All known facts about one transaction. */
export type TransactionFacts = {
  transaction: Transaction
  facts: readonly Fact[]
  deltas: BalanceDeltas
  /** The producer of its block: payments to it pay for the place in the block. Absent where it is not known. */
  producer?: Address
}

/** Facts of one block, in transaction order. */
export type BlockFacts = {
  bundle: BlockBundle
  transactions: readonly TransactionFacts[]
  /**
   * Answers about the state after the block that detectors requested; absent where there is no node to ask (recordings,
   * pending).
   */
  reads?: readonly StateRead[]
  /**
   * Signals that the chain's follower knows but no block contains; absent in recordings and for pending transactions.
   */
  network?: NetworkSignals
}

/** The chain’s health since the block before. */
export type NetworkSignals = {
  /** Blocks removed by a reorganisation, 0 for none. */
  reorgDepth: number
  /** How often endpoints gave different hashes for the same height. */
  disagreement: number
  /** Blocks between this one and the last finalised; absent until one is known. */
  finalityLag?: number
}

/** account → asset → net change in base units. ERC-721 and ERC-1155 tokens count as one asset per contract and id. */
export type BalanceDeltas = ReadonlyMap<Address, ReadonlyMap<string, bigint>>
