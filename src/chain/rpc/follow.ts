import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import { retry } from '../../kit/retry.ts'
import type { BlockBundle, BlockRef, ChainUpdate, SourceNotice } from '../../model/block.ts'
import type { ChainVitals } from '../../model/vitals.ts'
import { hash, integer, integerOrNull, object } from '../trace/fields.ts'
import { abortable } from './abortable.ts'
import { type BlockCheck, createBlockCheck } from './block-check.ts'
import type { Canonical, Header } from './canonical.ts'
import { append, extension, rewind } from './canonical.ts'
import { compareEndpoints } from './compare.ts'
import { fetchBundle } from './fetch-bundle.ts'
import { blockSeconds, budgetMs, createPace, noteTime, PATIENCE, type Pace, type Patience } from './pace.ts'
import type { Rpc } from './rpc.ts'
import { noTrouble, noteTrouble, noteWell, type Trouble } from './trouble.ts'

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
  /** Blocks fetched at once while catching up. */
  ahead?: number
  /** Kept up to date with head, pace and endpoints. */
  vitals?: ChainVitals
  clock?: Clock
  signal: AbortSignal
}

type Follower = Required<Omit<FollowOptions, 'fromBlock' | 'known' | 'vitals'>> & {
  vitals: ChainVitals | undefined
  canonical: Canonical
  check: BlockCheck
  pace: Pace
  nextBlock: number | undefined
  finalized: number
  lastMoved: number
  staleTold: boolean
  trouble: Trouble
  disagreement: { told: string | undefined; isComparing: boolean; comparedAt: number }
  /** Hash of block 0, by which a chain that was begun anew is told from a node that lags; null where no node tells. */
  genesis: string | null | undefined
  /** Notices from what runs beside the following. */
  asides: SourceNotice[]
}

/**
 * The chain's head as `block | reorg | finalized | notice`, in order, gaps filled, until the signal aborts. A block
 * that cannot be read in full within the patience comes with gaps; an RPC that fails, lies or answers HTML is told of
 * and asked again. Following never ends by it, and no block stops it.
 */
export async function* followHead(options: FollowOptions): AsyncGenerator<ChainUpdate> {
  const follower = createFollower(options)
  const waker = wakeOnHeads(follower)
  try {
    while (!follower.signal.aborted) {
      try {
        yield* step(follower)
        const over = noteWell(follower.trouble, follower.clock.now())
        if (over !== undefined) yield notice(over)
      } catch (thrown) {
        const trouble = follower.signal.aborted
          ? undefined
          : noteTrouble(follower.trouble, thrown, follower.clock.now())
        if (trouble !== undefined) yield notice(trouble)
      }
      for (const item of [...follower.rpc.takeNotices(), ...follower.asides.splice(0)]) yield notice(item)
      if (follower.vitals !== undefined) follower.vitals.endpoints = follower.rpc.standings()
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
    patience: PATIENCE,
    reexec: 128,
    ahead: 8,
    ...options,
    vitals: options.vitals,
    rpc: abortable(options.rpc, options.signal),
    window,
    clock,
    canonical: { refs: [...known], window },
    check: createBlockCheck(),
    pace: createPace(),
    nextBlock: fromBlock,
    finalized: -1,
    lastMoved: clock.now(),
    staleTold: false,
    trouble: noTrouble(),
    disagreement: { told: undefined, isComparing: false, comparedAt: 0 },
    genesis: undefined,
    asides: [],
  }
}

async function* step(follower: Follower): AsyncGenerator<ChainUpdate> {
  lookForDisagreement(follower)
  const latest = await headerOf(follower, 'latest')
  noteHead(follower, latest)
  follower.genesis ??= await genesisOf(follower)
  follower.nextBlock ??= latest.number
  const standing = extension(follower.canonical, latest)
  if (standing.kind === 'conflict') yield* reorganise(follower)
  if (standing.kind === 'older' && (await wasBegunAnew(follower))) yield* startOver(follower, 'chain-reset')
  if (latest.number < follower.nextBlock) {
    yield* tellIfStale(follower, latest)
    return
  }
  if (standing.kind !== 'conflict' && latest.number > follower.nextBlock + 1)
    yield notice(gapNotice(follower.nextBlock, latest.number))
  yield* catchUp(follower, latest.number)
  yield* tellFinality(follower, latest.number)
}

function noteHead({ vitals, clock, pace }: Follower, { number, timestamp }: Timed): void {
  if (vitals === undefined) return
  if (vitals.head?.number !== number) vitals.head = { number, timestamp, at: clock.now() }
  vitals.blockSeconds = blockSeconds(pace)
}

/** Blocks in order, some fetched ahead; each is given as soon as it and those before it are there. */
async function* catchUp(follower: Follower, latest: number): AsyncGenerator<ChainUpdate> {
  const ahead: Promise<BlockBundle>[] = []
  let wanted = follower.nextBlock ?? latest
  while (!follower.signal.aborted && (follower.nextBlock ?? 0) <= latest) {
    for (; wanted <= latest && ahead.length < follower.ahead; wanted++) {
      const pending = fetchNext(follower, wanted)
      pending.catch(() => undefined)
      ahead.push(pending)
    }
    const bundle = await ahead.shift()
    if (bundle === undefined) return
    const { number, hash, parentHash, timestamp } = bundle
    if (hash === null || parentHash === null) throw headless(number)
    if (extension(follower.canonical, { number, hash, parentHash }).kind === 'conflict') {
      const before = follower.nextBlock
      yield* reorganise(follower)
      // The node took its contradiction back while we looked: look again at the next poll.
      if (follower.nextBlock === before) return
      ahead.length = 0
      wanted = follower.nextBlock ?? latest
      continue
    }
    append(follower.canonical, { number, hash })
    noteTime(follower.pace, { number, timestamp })
    follower.nextBlock = number + 1
    follower.lastMoved = follower.clock.now()
    follower.staleTold = false
    yield { kind: 'block', bundle }
  }
}

function fetchNext(follower: Follower, number: number): Promise<BlockBundle> {
  const { rpc, chainId, check, clock, signal, reexec, pace, patience } = follower
  const options = { rpc, capabilities: { chainId }, check, clock, signal, reexec }
  // A block that is reorganised away while it is read is read again, the one in its place.
  return retry(() => fetchBundle(number, { ...options, budgetMs: budgetMs(pace, patience) }), {
    attempts: 4,
    delayMs: 50,
    clock,
    signal,
    isRetryable: (thrown) => thrown instanceof CordonError && thrown.code === 'chain.ContradictoryBlock',
  })
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
  yield* startOver(follower, (await wasBegunAnew(follower)) ? 'chain-reset' : 'reorg-beyond-window')
}

/** Everything we remember is gone, and that is said: a reorg deeper than the window, or a chain that was begun anew. */
async function* startOver(
  follower: Follower,
  code: 'reorg-beyond-window' | 'chain-reset',
): AsyncGenerator<ChainUpdate> {
  const { refs } = follower.canonical
  const oldest = refs[0]
  if (oldest === undefined) return
  const remembered = refs.length
  const ancestor: BlockRef = { number: oldest.number - 1, hash: null }
  const latest = await headerOf(follower, 'latest')
  const removed = rewind(follower.canonical, ancestor)
  // A chain that is shorter than what we remember (a devnet begun anew) is followed from its head.
  follower.nextBlock = Math.min(oldest.number, latest.number)
  follower.genesis = undefined
  follower.pace = createPace()
  const message =
    code === 'chain-reset'
      ? `The node's chain was begun anew: its first block is another one. It is followed from block ${follower.nextBlock}.`
      : `The chain was reorganised deeper than the ${remembered} blocks that are remembered.`
  yield notice({ code, message, facts: { oldestRemembered: oldest.number, removed: removed.length } })
  yield { kind: 'reorg', ancestor, removed }
}

/** A head below all that is remembered: a node that lags has the same first block, one that was reset has another. */
async function wasBegunAnew(follower: Follower): Promise<boolean> {
  const first = await genesisOf(follower)
  return follower.genesis !== null && first !== null && follower.genesis !== first
}

async function genesisOf(follower: Follower): Promise<string | null> {
  return (await headerOf(follower, '0x0').catch(refusedIsNull))?.hash ?? null
}

function missingIsNull(thrown: unknown): null {
  if (thrown instanceof CordonError && thrown.code === 'chain.BlockMissing') return null
  throw thrown
}

type Timed = Header & { timestamp: number | null }

/** A header as the leading endpoint has it: two nodes' views must not be mixed. */
async function headerOf({ rpc }: Pick<Follower, 'rpc'>, block: string): Promise<Timed> {
  const found = await rpc.request('eth_getBlockByNumber', [block, false], {
    only: rpc.leader(),
    timeoutMs: HEADER_MS,
  })
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
    timestamp: integerOrNull(raw['timestamp'], 'block.timestamp'),
  }
}

/** Milliseconds that a header may take: it is the lightest of questions. */
const HEADER_MS = 3_000

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

/** Milliseconds between comparisons while the head moves; one that stands still is compared at once. */
const COMPARE_EVERY_MS = 5_000

/** Compares the endpoints beside the following: one that hangs must not hold up the blocks of the others. */
function lookForDisagreement(follower: Follower): void {
  const { rpc, canonical, disagreement, clock, pace, lastMoved } = follower
  if (rpc.endpoints.length < 2 || disagreement.isComparing) return
  // Two below the tip: nodes may differ at the tip for a moment, and that is no disagreement.
  const ref = canonical.refs.at(-3) ?? canonical.refs[0]
  if (ref === undefined) return
  const now = clock.now()
  const isQuiet = now - lastMoved > 1_500 * (blockSeconds(pace) ?? 2)
  if (now - disagreement.comparedAt < (isQuiet ? 0 : COMPARE_EVERY_MS)) return
  Object.assign(disagreement, { isComparing: true, comparedAt: now })
  void compareEndpoints(rpc, { ref, lag: isQuiet ? 0 : 3 }).then(({ disagreement: found }) => {
    disagreement.isComparing = false
    // Who disagrees is told once, however many blocks it lasts.
    const who = found === undefined ? undefined : JSON.stringify(rpc.standings().map(({ state }) => state))
    if (found !== undefined && who !== disagreement.told) follower.asides.push(found)
    disagreement.told = who
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
function wakeOnHeads(follower: Follower): Waker {
  let early = new AbortController()
  const wake = (): void => early.abort()
  follower.signal.addEventListener('abort', wake, { once: true })
  const endpoint = follower.rpc.endpoints.find(({ subscribe }) => subscribe !== undefined)
  // Not waited for: polling sees the head meanwhile, and a node that is away must not hold up the others.
  const subscribed = endpoint?.subscribe?.(['newHeads'], wake).catch((thrown) => {
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
      await Promise.race([subscribed?.then((unsubscribe) => unsubscribe?.()), follower.clock.sleep(1_000)])
    },
  }
}
