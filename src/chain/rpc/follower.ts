import type { Clock } from '../../kit/clock.ts'
import type { Logger } from '../../kit/logger.ts'
import type { BlockRef, ChainUpdate, SourceNotice } from '../../model/block.ts'
import type { Patience } from '../../model/patience.ts'
import type { ChainVitals } from '../../model/vitals.ts'
import type { BlockCheck } from './block-check.ts'
import type { Canonical } from './canonical.ts'
import type { Pace } from './pace.ts'
import type { Rpc } from './rpc.ts'
import type { Trouble } from './trouble.ts'

export type FollowOptions = {
  rpc: Rpc
  chainId: number
  logger: Logger
  /** First block to yield; the latest when left out. */
  fromBlock?: number
  /**
   * The last blocks that were processed before a restart, oldest first, no gaps: a reorg in the meantime is traced back
   * on them.
   */
  known?: readonly BlockRef[]
  /** Deepest reorg that can be followed, blocks. */
  window?: number
  /** Interval between requests for the head, milliseconds. A WebSocket endpoint wakes it sooner. */
  pollMs?: number
  /** A head that has not moved for this long is reported, milliseconds. */
  staleAfterMs?: number
  /** Without a `finalized` tag a block this deep counts as final. */
  finalityDepth?: number
  /** The maximum time for reading one block before it is yielded with gaps. */
  patience?: Patience
  /** Blocks that a node may re-execute for a trace. */
  reexec?: number
  /** The endpoints have shown that they have traces: a block without any is partial. True from the first trace on. */
  areTracesExpected?: boolean
  /** Maximum blocks fetched in parallel while catching up. */
  ahead?: number
  /** Kept up to date with head, pace and endpoints. */
  vitals?: ChainVitals
  clock?: Clock
  signal: AbortSignal
}

/** A running follower. */
export type Follower = Required<Omit<FollowOptions, 'fromBlock' | 'known' | 'vitals'>> & {
  vitals: ChainVitals | undefined
  canonical: Canonical
  check: BlockCheck
  pace: Pace
  /** Blocks now fetched in parallel: increased while there are no problems, halved where blocks come with gaps. */
  atOnce: number
  /** Collects garbage where memory has grown. A collection stops everything, so it runs only far behind the head. */
  collectGarbage: () => void
  /** Call frames per block, a moving average: it bounds the blocks fetched ahead. */
  framesPerBlock: number
  nextBlock: number | undefined
  finalized: number
  lastMoved: number
  staleTold: boolean
  /** Consecutive inconsistent answers of the leading endpoint. */
  contradictions: number
  trouble: Trouble
  disagreement: { told: string | undefined; isComparing: boolean; comparedAt: number }
  /** Hash of block 0, which distinguishes a chain that was reset from a node that lags; null if no node has it. */
  genesis: string | null | undefined
  /** Notices from tasks that run in parallel with the following. */
  asides: SourceNotice[]
}

export function notice(item: SourceNotice): ChainUpdate {
  return { kind: 'notice', notice: item }
}
