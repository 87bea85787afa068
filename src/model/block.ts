import type { Address, Hash, Hex } from './hex.ts'

/** A chain log, as in a receipt or a callTracer frame. */
export type Log = { address: Address; topics: readonly Hash[]; data: Hex }

export type FrameType =
  | 'CALL'
  | 'STATICCALL'
  | 'DELEGATECALL'
  | 'CALLCODE'
  | 'CREATE'
  | 'CREATE2'
  | 'SELFDESTRUCT'

/** A log emitted inside a frame, after `position` of that frame's own sub-calls had returned. */
export type FrameLog = Log & { position: number }

/**
 * One call frame. A trace is the frames of one transaction in execution (pre-)order, so the sub-tree of
 * `frames[i]` is `frames.slice(i, frames[i].end)`, and "a inside b" is two comparisons.
 */
export type Frame = {
  /** Position in the trace, 0 for the root. */
  index: number
  /** Index of the calling frame, −1 for the root. */
  parent: number
  depth: number
  /** One past the last frame of this frame's sub-tree. */
  end: number
  type: FrameType
  /** The tracer's own name where it is not a call of the EVM that Cordon knows: only the value is understood. */
  foreignType?: string
  /** True where a SELFDESTRUCT was recorded without its value: some coin moved, or none; the amount is unknown. */
  valueUnknown?: true
  /** Null where not recorded. For SELFDESTRUCT the dying contract. */
  from: Address | null
  /** The callee, the created contract (null if creation failed), or the beneficiary of SELFDESTRUCT. */
  to: Address | null
  /**
   * The account whose storage and balance the frame acts on: `to`, or the caller's context for DELEGATECALL and
   * CALLCODE.
   */
  context: Address | null
  input: Hex
  output: Hex
  /** wei; 0 where the type moves none or it is not recorded. */
  value: bigint
  /** gas units, −1 where not recorded. */
  gas: number
  gasUsed: number
  /** The EVM's own error of this very frame. */
  error: string | null
  revertReason: string | null
  /** True where this frame or one around it failed: its effects did not happen. */
  reverted: boolean
  /** Recorded in the frame (callTracer withLog), in order; empty where none or not recorded. */
  logs: readonly FrameLog[]
  /** Own storage operations, where recorded. */
  storage?: readonly StorageAccess[]
}

export type StorageAccess = { op: 'read' | 'write'; address: Address; slot: Hex; value: Hex | null }

export type Transaction = {
  hash: Hash
  index: number
  from: Address | null
  to: Address | null
  input: Hex
  /** wei */
  value: bigint
  /** wei that the chain issued to the sender before it ran, whether it failed or not (deposits); absent for none. */
  mint?: bigint
  nonce: number | null
  /** Highest price per gas unit that the sender pays, wei; null where not recorded. */
  gasPrice: bigint | null
  /** Tip ceiling, wei per gas unit; null for legacy transactions or where not recorded. */
  maxPriorityFeePerGas: bigint | null
  /** False where it failed; null where no receipt was recorded. */
  succeeded: boolean | null
  contractAddress: Address | null
  /** The receipt's logs; null where not recorded. */
  logs: readonly Log[] | null
  /** Frames in execution order; empty where not recorded. */
  frames: readonly Frame[]
}

/** The frame by which control last entered `account`'s context around frame `index`; undefined if there is none. */
export function entryFrame(account: Address, index: number, frames: readonly Frame[]): Frame | undefined {
  let frame = frames[index]
  while (frame !== undefined && frame.context !== account) frame = frames[frame.parent]
  while (frame !== undefined && frames[frame.parent]?.context === account) frame = frames[frame.parent]
  return frame
}

/** The accounts through which control came to a call from outside its contract, the nearest first, the sender last. */
export function callersOf(index: number, { from, frames }: Pick<Transaction, 'from' | 'frames'>): Address[] {
  const callers: Address[] = []
  const target = frames[index]?.to
  for (let frame = frames[frames[index]?.parent ?? -1]; frame !== undefined; frame = frames[frame.parent])
    if (frame.context !== null && frame.context !== target) callers.push(frame.context)
  if (from !== null) callers.push(from)
  return [...new Set(callers)]
}

/** The parts that a bundle lacks, so that absence is not mistaken for innocence. */
export type Coverage = {
  traces: 'callTracer' | 'parity' | 'none'
  /** Where logs come from: inside frames (ordered with the calls), from receipts only, or not recorded. */
  logs: 'frames' | 'receipts' | 'none'
  /** True where only the protocol's own frames were recorded. */
  partial: boolean
}

/** The source of the logs of one transaction: its frames, its receipt, or none. */
export type LogSource = Coverage['logs']

/**
 * The better source of a transaction's logs. Frames put them in order with the calls, and are trusted where they have
 * at least as many as the receipt. Frames without a log and without a receipt have none where the same tracer gives
 * logs in other transactions of the block.
 */
export function logSourceOf(
  transaction: Transaction,
  { coverage }: Pick<BlockBundle, 'coverage'>,
): LogSource {
  const { frames, logs } = transaction
  let inFrames = 0
  for (const frame of frames) if (!frame.reverted) inFrames += frame.logs.length
  if (logs !== null && logs.length > inFrames) return 'receipts'
  if (inFrames > 0 || (frames.length > 0 && coverage.logs === 'frames')) return 'frames'
  return logs === null ? 'none' : 'receipts'
}

/** The data missing for one transaction. */
export type Gap = {
  transactionHash: Hash
  missing: 'traces' | 'receipt'
  /** The reason, as the node states it or as Cordon found it; one sentence. */
  reason: string
  /**
   * True where this transaction alone cannot be read, even in a request of its own: neither the node nor the block is
   * at fault.
   */
  isOwnFault: boolean
}

/** One block, or one pending transaction in the form of a block, with all recorded data about it. */
export type BlockBundle = {
  chainId: number
  number: number
  hash: Hash | null
  parentHash: Hash | null
  /** Seconds since the Unix epoch; null where not recorded. */
  timestamp: number | null
  /** wei per gas unit */
  baseFeePerGas: bigint | null
  miner: Address | null
  transactions: readonly Transaction[]
  pending: boolean
  coverage: Coverage
  /** Transactions that could not be read in full; empty where everything that the source offers was read. */
  gaps: readonly Gap[]
}

/** The weight of a block in memory: its call frames, and one for each transaction. */
export function weightOf({ transactions }: Pick<BlockBundle, 'transactions'>): number {
  return transactions.reduce((sum, { frames }) => sum + frames.length + 1, 0)
}

/** A reference to a block, enough to request it from a node again. */
export type BlockRef = { number: number; hash: Hash | null }

/** An update from a chain source: a discriminated union, in chain order. */
export type ChainUpdate =
  | { kind: 'block'; bundle: BlockBundle }
  /** `removed` are no longer canonical (newest first); `ancestor` is the last common block. */
  | { kind: 'reorg'; ancestor: BlockRef; removed: readonly BlockRef[] }
  | { kind: 'finalized'; block: BlockRef }
  | { kind: 'pending'; bundle: BlockBundle }
  /** A fact about the source itself that a person should know. */
  | { kind: 'notice'; notice: SourceNotice }

export const noticeCodes = [
  'endpoint-failed',
  'endpoint-recovered',
  'endpoint-moved',
  'endpoint-lied',
  'block-partial',
  'block-healed',
  'trace-cut',
  'pending-unavailable',
  'capabilities-changed',
  'chain-reset',
  'endpoints-disagree',
  'stale-head',
  'sight-lost',
  'sight-recovered',
  'gap-filled',
  'reorg-beyond-window',
  'source-trouble',
  'source-recovered',
  'calibration-drift',
  'rules-changed',
  'rules-invalid',
  'rule-trouble',
  'states-restored',
  'states-forgotten',
  'states-too-large',
  'learning',
  'learned',
  'nothing-learned',
  'block-left-out',
  'cursor-moved',
  'upkeep-failed',
  'upkeep-recovered',
  'not-recorded',
] as const
export type NoticeCode = (typeof noticeCodes)[number]

export type SourceNotice = {
  code: NoticeCode
  message: string
  facts: Record<string, unknown>
}

export const NATIVE = 'native'
/** A token contract, or `native` for the chain's own coin. */
export type Asset = Address | typeof NATIVE
