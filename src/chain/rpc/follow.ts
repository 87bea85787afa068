import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import type { BlockRef, ChainUpdate, SourceNotice } from '../../model/block.ts'
import { hash, integer, object } from '../trace/fields.ts'
import { abortable } from './abortable.ts'
import type { Canonical, Header } from './canonical.ts'
import { append, extension, rewind } from './canonical.ts'
import type { Capabilities } from './capabilities.ts'
import { findDisagreement } from './disagreement.ts'
import { fetchBundle } from './fetch-bundle.ts'
import type { Rpc } from './rpc.ts'

export type FollowOptions = {
  rpc: Rpc
  capabilities: Capabilities
  logger: Logger
  /** First block to give; the latest when left out. */
  fromBlock?: number
  /**
   * The newest blocks that were processed before a restart, oldest first, without gaps: what was reorganised away meanwhile
   * is walked back to the common ancestor.
   */
  known?: readonly BlockRef[]
  /** Deepest reorg that can be followed, blocks. */
  window?: number
  /** How often the head is asked for, milliseconds. A WebSocket endpoint wakes it sooner. */
  pollMs?: number
  /** A head that has not moved for so long is told of, milliseconds. */
  staleAfterMs?: number
  /** Without a `finalized` tag a block this deep counts as final. */
  finalityDepth?: number
  clock?: Clock
  signal: AbortSignal
}

/** How many blocks of a gap are fetched at once. */
const AHEAD = 4

type Follower = Required<Omit<FollowOptions, 'fromBlock' | 'known'>> & {
  canonical: Canonical
  nextBlock: number | undefined
  finalized: number
  lastMoved: number
  staleTold: boolean
  troubleTold: string | undefined
  disagreementTold: string | undefined
  isComparing: boolean
  /** Notices from what runs beside the following. */
  asides: SourceNotice[]
}

/**
 * The chain's head as `block | reorg | finalized | notice`, in order, gaps filled, until the signal aborts.
 * An RPC that fails, lies or answers HTML is told of as a notice and asked again; following never ends by it.
 */
export async function* followHead(options: FollowOptions): AsyncGenerator<ChainUpdate> {
  const follower = createFollower(options)
  const waker = await wakeOnHeads(follower)
  try {
    while (!follower.signal.aborted) {
      try {
        yield* step(follower)
        follower.troubleTold = undefined
      } catch (thrown) {
        if (!follower.signal.aborted) yield* tellTrouble(follower, thrown)
      }
      for (const item of [...follower.rpc.takeNotices(), ...follower.asides.splice(0)]) yield notice(item)
      if (!follower.signal.aborted) await waker.wait(follower.pollMs)
    }
  } finally {
    await waker.stop()
  }
}

function createFollower(options: FollowOptions): Follower {
  const { fromBlock, known = [], window = 256, clock = systemClock } = options
  return {
    pollMs: 500,
    staleAfterMs: 60_000,
    finalityDepth: 64,
    ...options,
    rpc: abortable(options.rpc, options.signal),
    window,
    clock,
    canonical: { refs: known.slice(-window), window },
    nextBlock: fromBlock,
    finalized: -1,
    lastMoved: clock.now(),
    staleTold: false,
    troubleTold: undefined,
    disagreementTold: undefined,
    isComparing: false,
    asides: [],
  }
}

async function* step(follower: Follower): AsyncGenerator<ChainUpdate> {
  const latest = await headerOf(follower, 'latest')
  follower.nextBlock ??= latest.number
  const isConflict = extension(follower.canonical, latest).kind === 'conflict'
  if (isConflict) yield* reorganise(follower)
  if (latest.number < follower.nextBlock) {
    yield* tellIfStale(follower, latest)
    return
  }
  if (!isConflict && latest.number > follower.nextBlock + 1)
    yield notice(gapNotice(follower.nextBlock, latest.number))
  yield* catchUp(follower, latest.number)
  yield* tellFinality(follower, latest.number)
  lookForDisagreement(follower)
}

async function* catchUp(follower: Follower, latest: number): AsyncGenerator<ChainUpdate> {
  while (!follower.signal.aborted && (follower.nextBlock ?? 0) <= latest) {
    const first = follower.nextBlock ?? latest
    const count = Math.min(AHEAD, latest - first + 1)
    const wanted = Array.from({ length: count }, (_, i) => fetchBundle(first + i, follower))
    for (const pending of wanted) pending.catch(() => undefined)
    for (const pending of wanted) {
      const bundle = await pending
      const { number, hash, parentHash } = bundle
      if (hash === null || parentHash === null) throw headless(number)
      if (extension(follower.canonical, { number, hash, parentHash }).kind === 'conflict') {
        yield* reorganise(follower)
        // The node took its contradiction back while we looked: look again at the next poll.
        if (follower.nextBlock === first) return
        break
      }
      append(follower.canonical, { number, hash })
      follower.nextBlock = number + 1
      follower.lastMoved = follower.clock.now()
      follower.staleTold = false
      yield { kind: 'block', bundle }
    }
  }
}

/** Walks back until node and memory agree; what is above was removed. Fetching goes on from there. */
async function* reorganise(follower: Follower): AsyncGenerator<ChainUpdate> {
  const { refs } = follower.canonical
  for (let i = refs.length - 1; i >= 0; i--) {
    const ref = refs[i]
    if (ref === undefined) break
    const now = await headerOf(follower, `0x${ref.number.toString(16)}`).catch(missingIsNull)
    if (now?.hash !== ref.hash) continue
    if (i === refs.length - 1) return
    const removed = rewind(follower.canonical, ref)
    follower.nextBlock = ref.number + 1
    yield { kind: 'reorg', ancestor: ref, removed }
    return
  }
  yield* startOver(follower)
}

/** Deeper than the window: everything we remember is gone, and that is said. */
async function* startOver(follower: Follower): AsyncGenerator<ChainUpdate> {
  const oldest = follower.canonical.refs[0]
  if (oldest === undefined) return
  const ancestor: BlockRef = { number: oldest.number - 1, hash: null }
  const latest = await headerOf(follower, 'latest')
  const removed = rewind(follower.canonical, ancestor)
  // A chain that is shorter than what we remember (a devnet begun anew) is followed from its head.
  follower.nextBlock = Math.min(oldest.number, latest.number)
  yield notice({
    code: 'reorg-beyond-window',
    message: `The chain was reorganised deeper than the ${removed.length} blocks that are remembered.`,
    facts: { oldestRemembered: oldest.number, removed: removed.length },
  })
  yield { kind: 'reorg', ancestor, removed }
}

function missingIsNull(thrown: unknown): null {
  if (thrown instanceof CordonError && thrown.code === 'chain.BlockMissing') return null
  throw thrown
}

async function headerOf(follower: Pick<Follower, 'rpc'>, block: string): Promise<Header> {
  const found = await follower.rpc.request('eth_getBlockByNumber', [block, false])
  if (found === null) {
    throw new CordonError({
      code: 'chain.BlockMissing',
      message: `The node does not have block ${block}.`,
      facts: { block },
      fix: 'It may be behind, or have pruned it: `cordon doctor` shows its head.',
      retryable: true,
    })
  }
  const raw = object(found, 'block')
  return {
    number: integer(raw['number'], 'block.number'),
    hash: hash(raw['hash'], 'block.hash'),
    parentHash: hash(raw['parentHash'], 'block.parentHash'),
  }
}

async function* tellFinality(follower: Follower, latest: number): AsyncGenerator<ChainUpdate> {
  const { refs, window } = follower.canonical
  const tagged = await headerOf(follower, 'finalized').catch(refusedIsNull)
  const final =
    tagged === null || tagged?.number === 0
      ? refs.find(({ number }) => number === latest - follower.finalityDepth)
      : refs.find(({ number, hash }) => number === tagged?.number && hash === tagged.hash)
  // Beyond the window nothing can be rolled back, so waiting for the node's word would only fill memory.
  const ref = final ?? (refs.length >= window ? refs[0] : undefined)
  if (ref === undefined || ref.number <= follower.finalized) return
  follower.finalized = ref.number
  yield { kind: 'finalized', block: ref }
}

/** Null where the node has no such tag; undefined where it did not answer, which says nothing about finality. */
function refusedIsNull(thrown: unknown): null | undefined {
  if (!(thrown instanceof CordonError)) throw thrown
  return thrown.code === 'chain.RpcRefused' || thrown.code === 'chain.BlockMissing' ? null : undefined
}

/** Compares the endpoints beside the following: one that hangs must not hold up the blocks of the others. */
function lookForDisagreement(follower: Follower): void {
  if (follower.rpc.endpoints.length < 2 || follower.isComparing) return
  // Two below the tip: nodes may differ at the tip for a moment, and that is no disagreement.
  const ref = follower.canonical.refs.at(-3)
  if (ref === undefined) return
  follower.isComparing = true
  void findDisagreement(follower.rpc.endpoints, ref).then((found) => {
    follower.isComparing = false
    if (found !== undefined && found.message !== follower.disagreementTold) follower.asides.push(found)
    follower.disagreementTold = found?.message
  })
}

async function* tellIfStale(follower: Follower, latest: Header): AsyncGenerator<ChainUpdate> {
  const silence = follower.clock.now() - follower.lastMoved
  if (follower.staleTold || silence < follower.staleAfterMs) return
  follower.staleTold = true
  yield notice({
    code: 'stale-head',
    message: `The head has stood at block ${latest.number} for ${Math.round(silence / 1000)} s.`,
    facts: { block: latest.number, seconds: Math.round(silence / 1000) },
  })
}

function gapNotice(from: number, to: number): SourceNotice {
  return { code: 'gap-filled', message: `Catching up from block ${from} to ${to}.`, facts: { from, to } }
}

function notice(item: SourceNotice): ChainUpdate {
  return { kind: 'notice', notice: item }
}

/** Said once until it changes or is over: a node that is down for an hour is one trouble, not 7,200. */
function* tellTrouble(follower: Follower, thrown: unknown): Generator<ChainUpdate> {
  const message = messageOf(thrown)
  if (message === follower.troubleTold) return
  follower.troubleTold = message
  const facts = thrown instanceof CordonError ? { code: thrown.code, ...thrown.facts, fix: thrown.fix } : {}
  yield notice({ code: 'source-trouble', message, facts })
}

function headless(number: number): CordonError {
  return new CordonError({
    code: 'chain.BlockMissing',
    message: `Block ${number} came without hash or parent: it is not mined yet.`,
    facts: { block: number },
    fix: 'Nothing to do: it is asked for again.',
    retryable: true,
  })
}

type Waker = { wait(ms: number): Promise<void>; stop(): Promise<void> }

/** Sleeps between looks at the head; a `newHeads` subscription cuts the sleep short where there is one. */
async function wakeOnHeads(follower: Follower): Promise<Waker> {
  let early = new AbortController()
  const wake = (): void => early.abort()
  follower.signal.addEventListener('abort', wake, { once: true })
  const endpoint = follower.rpc.endpoints.find(({ subscribe }) => subscribe !== undefined)
  const unsubscribe = await endpoint?.subscribe?.(['newHeads'], wake).catch((thrown) => {
    follower.logger.warn({ reason: messageOf(thrown) }, 'no newHeads subscription; polling instead')
    return undefined
  })
  return {
    async wait(ms) {
      if (!early.signal.aborted) await follower.clock.sleep(ms, early.signal)
      early = new AbortController()
      if (follower.signal.aborted) early.abort()
    },
    async stop() {
      follower.signal.removeEventListener('abort', wake)
      await unsubscribe?.()
    },
  }
}
