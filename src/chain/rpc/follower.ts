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
  /** First block to give; the latest when left out. */
  fromBlock?: number
  /** The last blocks that were processed before a restart, oldest first, no gaps: a reorg meanwhile is walked back on them. */
  known?: readonly BlockRef[]
  /** Deepest reorg that can be followed, blocks. */
  window?: number
  /** How often the head is asked for, milliseconds. A WebSocket endpoint wakes it sooner. */
  pollMs?: number
  /** A head that has not moved for so long is told of, milliseconds. */
  staleAfterMs?: number
  /** Without a `finalized` tag a block this deep counts as final. */
  finalityDepth?: number
  /** How long reading one block may take before it is given with gaps. */
  patience?: Patience
  /** Blocks that a node may execute again for a trace. */
  reexec?: number
  /** The endpoints were found to have traces: a block without any is partial. True from the first trace on. */
  areTracesExpected?: boolean
  /** Blocks fetched at once while catching up, at most. */
  ahead?: number
  /** Kept up to date with head, pace and endpoints. */
  vitals?: ChainVitals
  clock?: Clock
  signal: AbortSignal
}

/** A follower at work. */
export type Follower = Required<Omit<FollowOptions, 'fromBlock' | 'known' | 'vitals'>> & {
  vitals: ChainVitals | undefined
  canonical: Canonical
  check: BlockCheck
  pace: Pace
  /** Blocks fetched at once now: more while all is well, half where blocks come with gaps. */
  atOnce: number
  /** Call frames of a block, a moving average: what is fetched ahead is bounded by them. */
  framesPerBlock: number
  nextBlock: number | undefined
  finalized: number
  lastMoved: number
  staleTold: boolean
  /** Looks in a row at which the leading endpoint made no sense. */
  contradictions: number
  trouble: Trouble
  disagreement: { told: string | undefined; isComparing: boolean; comparedAt: number }
  /** Hash of block 0, by which a chain that was begun anew is told from a node that lags; null where no node tells. */
  genesis: string | null | undefined
  /** Notices from what runs beside the following. */
  asides: SourceNotice[]
}

export function notice(item: SourceNotice): ChainUpdate {
  return { kind: 'notice', notice: item }
}
