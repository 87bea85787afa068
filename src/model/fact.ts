import type { Asset, BlockBundle, Transaction } from './block.ts'
import type { Address, Hex } from './hex.ts'
import type { StateRead } from './state-read.ts'

/**
 * A Fact is something that happened in a transaction, said in the words of value and control.
 * `frame` is the index of the frame in which it happened, −1 where that is not known (receipt logs only).
 * Facts of a transaction stand in execution order; what was reverted is not a fact.
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
  /** The family by whose signature the pool was recognised in this transaction; null by shape alone. */
  protocol: string | null
  frame: number
}

/**
 * What can be done with a protocol, other than trade. `mint` and `burn`: a pool’s liquidity, an option or a synthetic
 * asset was issued or taken back. `open` and `close`: a leveraged position was enlarged or reduced.
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

/** Base units of an asset; the asset is null where nobody named it and nothing of that amount moved. */
export type AssetAmount = { asset: Asset | null; amount: bigint }

/**
 * Somebody did something with a protocol. The protocol’s own word (`log`) or the caller’s wish (`call`) is a claim:
 * what moved is in the transfers. `shape` is read from what moved.
 */
export type ActionFact = {
  kind: 'action'
  action: ActionKind
  /** The pool, market, vault or engine: whose storage it acted on, so the proxy and not the code behind it. */
  contract: Address
  /** The code that `contract` ran to do it, where it is a proxy or clone; null where it is its own or not known. */
  implementation: Address | null
  /** Who asked. */
  actor: Address | null
  /** For whom: who receives, or whose debt or position it is. */
  beneficiary: Address | null
  /** Into the contract. */
  given: readonly AssetAmount[]
  /** Out of the contract; the principal of a flash loan, its return is in `given` where it is told. */
  taken: readonly AssetAmount[]
  /** The family by whose signature it was recognised; null by shape. */
  protocol: string | null
  source: 'log' | 'call' | 'shape'
  frame: number
}

/**
 * A token said one thing and its answers another, within one transaction. Lies, fees on transfer and rebases all look
 * so: it says that the claimed amounts of this asset are not to be relied on, not that somebody attacks.
 */
export type DiscrepancyFact = {
  kind: 'discrepancy'
  about: 'balance' | 'supply'
  asset: Address
  /** Whose balance; for `supply` the sender of more than there is. */
  account: Address
  /** Base units. `balance`: what the transfers between two reads sum to. `supply`: what was said to be moved. */
  claimed: bigint
  /** Base units. `balance`: by how much the answers differ. `supply`: all that there was, by the token’s own answer. */
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
  /** Who made its block: what it is paid pays for the place in it. Absent where that is not known. */
  producer?: Address
}

/** Facts of one block, in transaction order. */
export type BlockFacts = {
  bundle: BlockBundle
  transactions: readonly TransactionFacts[]
  /** What detectors asked of the state after the block; absent where nobody could be asked (recordings, pending). */
  reads?: readonly StateRead[]
  /** What whoever follows the chain knows and no block says; absent in recordings and for pending transactions. */
  network?: NetworkSignals
}

/** The chain’s health since the block before. */
export type NetworkSignals = {
  /** Blocks thrown away by a reorganisation, 0 for none. */
  reorgDepth: number
  /** Times that endpoints gave different hashes for a height. */
  disagreement: number
  /** Blocks between this one and the last finalised; absent until one is known. */
  finalityLag?: number
}

/** account → asset → net change in base units. ERC-721 and 1155 tokens count as one asset a contract and id. */
export type BalanceDeltas = ReadonlyMap<Address, ReadonlyMap<string, bigint>>
