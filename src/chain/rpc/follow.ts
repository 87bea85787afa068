import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import type { BlockRef, ChainUpdate, SourceNotice } from '../../model/block.ts'
import { hash, integer, object } from '../trace/fields.ts'
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
  /** The last block that was processed before a restart: had it been reorganised away meanwhile, that is told. */
  known?: BlockRef
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
  disagreementTold: string | undefined
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
      } catch (thrown) {
        yield notice(troubleOf(thrown))
      }
      for (const item of follower.rpc.takeNotices()) yield notice(item)
      if (!follower.signal.aborted) await waker.wait(follower.pollMs)
    }
  } finally {
    await waker.stop()
  }
}

function createFollower(options: FollowOptions): Follower {
  const { fromBlock, known, window = 256, clock = systemClock } = options
  return {
    pollMs: 500,
    staleAfterMs: 60_000,
    finalityDepth: 64,
    ...options,
    window,
    clock,
    canonical: { refs: known === undefined ? [] : [known], window },
    nextBlock: fromBlock,
    finalized: -1,
    lastMoved: clock.now(),
    staleTold: false,
    disagreementTold: undefined,
  }
}

async function* step(follower: Follower): AsyncGenerator<ChainUpdate> {
  const latest = await headerOf(follower, 'latest')
  follower.nextBlock ??= latest.number
  const meaning = extension(follower.canonical, latest)
  if (meaning.kind === 'known' || latest.number < follower.nextBlock) {
    if (meaning.kind === 'conflict' && follower.canonical.refs.length > 0) yield* reorganise(follower)
    yield* tellIfStale(follower, latest)
    return
  }
  if (latest.number > follower.nextBlock + 1) yield notice(gapNotice(follower.nextBlock, latest.number))
  yield* catchUp(follower, latest.number)
  yield* tellFinality(follower, latest.number)
  yield* tellDisagreement(follower)
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
    message: `The chain was reorganised deeper than the ${follower.window} blocks that are remembered.`,
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
  const tagged = await headerOf(follower, 'finalized').catch(() => null)
  const number = Math.max(tagged?.number ?? 0, latest - follower.finalityDepth)
  const ref = follower.canonical.refs.find((known) => known.number === number)
  if (ref === undefined || number <= follower.finalized) return
  follower.finalized = number
  yield { kind: 'finalized', block: ref }
}

async function* tellDisagreement(follower: Follower): AsyncGenerator<ChainUpdate> {
  if (follower.rpc.endpoints.length < 2) return
  // Two below the tip: nodes may differ at the tip for a moment, and that is no disagreement.
  const ref = follower.canonical.refs.at(-3)
  if (ref === undefined) return
  const found = await findDisagreement(follower.rpc.endpoints, ref)
  const told = found === undefined ? undefined : found.message
  if (found !== undefined && told !== follower.disagreementTold) yield notice(found)
  follower.disagreementTold = told
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

function troubleOf(thrown: unknown): SourceNotice {
  const facts = thrown instanceof CordonError ? { code: thrown.code, ...thrown.facts, fix: thrown.fix } : {}
  return { code: 'source-trouble', message: messageOf(thrown), facts }
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
