import { systemClock } from '../../kit/clock.ts'
import { createCollector } from '../../kit/collector.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { retry } from '../../kit/retry.ts'
import {
  type BlockBundle,
  type BlockRef,
  type ChainUpdate,
  type SourceNotice,
  weightOf,
} from '../../model/block.ts'
import { PATIENCE } from '../../model/patience.ts'
import { abortable } from './abortable.ts'
import { createBlockCheck } from './block-check.ts'
import { append, extension, type Header } from './canonical.ts'
import { compareEndpoints } from './compare.ts'
import { fetchBundle } from './fetch-bundle.ts'
import { type Follower, type FollowOptions, notice } from './follower.ts'
import { blockSeconds, budgetMs, createPace, noteTime } from './pace.ts'
import {
  genesisOf,
  headerOf,
  refusedIsNull,
  reorganise,
  startOver,
  type Timed,
  wasBegunAnew,
} from './reorganise.ts'
import { noTrouble, noteTrouble, noteWell } from './trouble.ts'

/**
 * The chain's head as `block | reorg | finalized | notice`, in order, gaps filled, until the signal aborts. A block
 * that cannot be read in full within the patience comes with gaps; an RPC that fails, lies or answers HTML is reported
 * and queried again. This never ends the following, and no block stops it.
 */
export async function* followHead(options: FollowOptions): AsyncGenerator<ChainUpdate> {
  const follower = createFollower(options)
  const waker = wakeOnHeads(follower)
  try {
    while (!follower.signal.aborted) {
      try {
        yield* step(follower)
        follower.contradictions = 0
        const over = noteWell(follower.trouble, follower.clock.now())
        if (over !== undefined) yield notice(over)
      } catch (thrown) {
        const trouble = follower.signal.aborted
          ? undefined
          : noteTrouble(follower.trouble, thrown, follower.clock.now())
        doubtLeader(follower, thrown)
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
    ahead: 32,
    atOnce: 4,
    framesPerBlock: 500,
    areTracesExpected: false,
    ...options,
    vitals: options.vitals,
    rpc: abortable(options.rpc, options.signal),
    window,
    clock,
    canonical: { refs: [...known], window },
    check: createBlockCheck(),
    collectGarbage: createCollector(),
    pace: createPace(),
    nextBlock: fromBlock,
    finalized: -1,
    lastMoved: clock.now(),
    staleTold: false,
    trouble: noTrouble(),
    contradictions: 0,
    disagreement: { told: undefined, isComparing: false, comparedAt: 0 },
    genesis: undefined,
    asides: [],
  }
}

/** Number of consecutive inconsistent answers after which the leading endpoint loses the lead. */
const MOST_CONTRADICTIONS = 3

/**
 * An endpoint that answers with something other than a block, or denies the blocks below its own head, is no longer
 * followed.
 */
function doubtLeader(follower: Follower, thrown: unknown): void {
  const { rpc, signal } = follower
  if (signal.aborted || !(thrown instanceof CordonError) || !SENSELESS.has(thrown.code)) return
  if (++follower.contradictions < MOST_CONTRADICTIONS || rpc.endpoints.length < 2) return
  follower.contradictions = 0
  const leader = rpc.leader()
  rpc.place(leader, { head: null, place: 'elsewhere' })
  if (rpc.leader() === leader) return
  rpc.note({
    code: 'endpoint-lied',
    message: `${leader.name} returned inconsistent answers about its newest blocks: ${messageOf(thrown)}`,
    facts: { ...thrown.facts, endpoint: leader.name },
  })
}

const SENSELESS: ReadonlySet<string> = new Set(['chain.MalformedField', 'chain.BlockMissing'])

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

/** Blocks in order, some fetched ahead; each is yielded as soon as it and those before it are available. */
async function* catchUp(follower: Follower, latest: number): AsyncGenerator<ChainUpdate> {
  const ahead: Promise<BlockBundle>[] = []
  let wanted = follower.nextBlock ?? latest
  while (!follower.signal.aborted && (follower.nextBlock ?? 0) <= latest) {
    for (; wanted <= latest && ahead.length < aheadOf(follower); wanted++) {
      const pending = fetchNext(follower, wanted, latest)
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
      // The node withdrew its contradiction meanwhile: check again at the next poll.
      if (follower.nextBlock === before) return
      ahead.length = 0
      wanted = follower.nextBlock ?? latest
      continue
    }
    append(follower.canonical, { number, hash })
    noteTime(follower.pace, { number, timestamp })
    noteWeight(follower, bundle)
    follower.nextBlock = number + 1
    follower.lastMoved = follower.clock.now()
    follower.staleTold = false
    yield { kind: 'block', bundle }
    if (number % FINALITY_EVERY === 0 && number < latest) yield* tellFinality(follower, latest)
    if (latest - number >= NEAR_HEAD) follower.collectGarbage()
  }
}

/** Blocks between two finality checks while catching up: non-final blocks are kept in memory for a rollback. */
const FINALITY_EVERY = 32
/** Number of blocks behind the head from which reading counts as catching up. */
const NEAR_HEAD = 3
/** Frames fetched ahead, about 80 MB with the surrounding data. */
const MOST_FRAMES = 30_000

function aheadOf({ ahead, atOnce, framesPerBlock }: Follower): number {
  return Math.max(2, Math.min(ahead, atOnce, Math.floor(MOST_FRAMES / framesPerBlock)))
}

function noteWeight(follower: Follower, bundle: BlockBundle): void {
  const { transactions, gaps, coverage } = bundle
  follower.atOnce = gaps.length > 0 ? Math.max(2, follower.atOnce / 2) : follower.atOnce + 0.5
  follower.areTracesExpected ||= coverage.traces !== 'none' && transactions.length > 0
  follower.framesPerBlock = 0.8 * follower.framesPerBlock + 0.2 * (weightOf(bundle) + 1)
}

function fetchNext(follower: Follower, number: number, latest: number): Promise<BlockBundle> {
  const { rpc, chainId, check, clock, signal, reexec, pace, patience, areTracesExpected } = follower
  const options = { rpc, capabilities: { chainId }, check, clock, signal, reexec, areTracesExpected }
  // Many blocks are requested in parallel while catching up: each has to wait for the others then.
  const isBehind = latest - number >= NEAR_HEAD
  const budget = isBehind ? patience.mostMs : budgetMs(blockSeconds(pace), patience)
  // If a reorg removes a block while it is read, the block that replaces it is read.
  return retry(() => fetchBundle(number, { ...options, budgetMs: budget }), {
    attempts: 4,
    delayMs: 50,
    clock,
    signal,
    isRetryable: (thrown) => thrown instanceof CordonError && thrown.code === 'chain.ContradictoryBlock',
  })
}

async function* tellFinality(follower: Follower, latest: number): AsyncGenerator<ChainUpdate> {
  const { refs, window } = follower.canonical
  const tagged = await headerOf(follower, 'finalized').catch(refusedIsNull)
  // Beyond the window nothing can be rolled back, so waiting for the node's tag would only fill memory.
  const ref = finalAmong(follower, tagged, latest) ?? (refs.length >= window ? refs[0] : undefined)
  if (ref === undefined || ref.number <= follower.finalized) return
  follower.finalized = ref.number
  yield { kind: 'finalized', block: ref }
}

/** `tagged`: null where the node has no finalised block, undefined where the request failed, which is not an answer. */
function finalAmong(
  { canonical: { refs }, finalityDepth }: Follower,
  tagged: Header | null | undefined,
  latest: number,
): BlockRef | undefined {
  if (tagged === undefined) return undefined
  const newest = refs.at(-1)?.number ?? latest
  // While catching up, the tag refers to blocks that are not read yet; at the head, one beyond it is a lie.
  const isAhead = tagged !== null && newest < latest && newest < tagged.number
  const isByDepth = tagged === null || tagged.number === 0 || isAhead
  return isByDepth
    ? refs.find(({ number }) => number === newest - finalityDepth)
    : refs.find(({ number, hash }) => number === tagged.number && hash === tagged.hash)
}

/** Milliseconds between comparisons while the head moves; a head that does not move is compared at once. */
const COMPARE_EVERY_MS = 5_000

/** Compares the endpoints in parallel with the following: one that hangs must not delay the blocks of the others. */
function lookForDisagreement(follower: Follower): void {
  const { rpc, canonical, disagreement, clock, pace, lastMoved } = follower
  if (rpc.endpoints.length < 2 || disagreement.isComparing) return
  // Two below the tip: nodes may differ briefly at the tip, and that is not a disagreement.
  const ref = canonical.refs.at(-3) ?? canonical.refs[0]
  if (ref === undefined) return
  const now = clock.now()
  const isQuiet = now - lastMoved > 1_500 * (blockSeconds(pace) ?? 2)
  if (now - disagreement.comparedAt < (isQuiet ? 0 : COMPARE_EVERY_MS)) return
  Object.assign(disagreement, { isComparing: true, comparedAt: now })
  void compareEndpoints(rpc, { ref, lag: isQuiet ? 0 : 3 }).then(({ disagreement: found }) => {
    disagreement.isComparing = false
    // A disagreement is reported once, however many blocks it lasts.
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

function headless(number: number): CordonError {
  return new CordonError({
    code: 'chain.BlockMissing',
    message: `Block ${number} came without hash or parent: it is not mined yet.`,
    facts: { block: number },
    fix: 'Nothing to do: Cordon asks again.',
    retryable: true,
  })
}

type Waker = { wait(ms: number): Promise<void>; stop(): Promise<void> }

/** Sleeps between checks of the head; a `newHeads` subscription shortens the sleep where there is one. */
function wakeOnHeads(follower: Follower): Waker {
  let early = new AbortController()
  const wake = (): void => early.abort()
  follower.signal.addEventListener('abort', wake, { once: true })
  const endpoint = follower.rpc.endpoints.find(({ subscribe }) => subscribe !== undefined)
  // Not awaited: polling sees the head meanwhile, and an unavailable node must not delay the others.
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
