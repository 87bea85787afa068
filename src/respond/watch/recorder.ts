import { withdrawBlocks } from '../../incidents/withdraw-blocks.ts'
import { createBoundedQueue } from '../../kit/bounded-queue.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { retry } from '../../kit/retry.ts'
import { type BlockRef, weightOf } from '../../model/block.ts'
import type { Playbooks } from '../../playbooks/runner.ts'
import { setFinalized, setProcessed } from '../../store/cursors.ts'
import { dropFundFlowsAfter, pruneFundFlows } from '../../store/fund-flows.ts'
import { hasActiveIncident } from '../../store/incidents.ts'
import { keepRecentBlocks, type RecentBlock } from '../../store/recent-blocks.ts'
import { isConnectionLoss, transaction } from '../../store/store.ts'
import { keepTraffic } from '../../store/traffic.ts'
import type { App, ChainHandle } from '../context.ts'
import { recordHandPulls } from '../upkeep/hand-pulls.ts'
import { resendRemoved } from '../upkeep/resend.ts'
import { forgetFlows, watchTaint } from '../upkeep/taint.ts'
import { runTask } from '../upkeep/upkeep.ts'
import { type Judged, recordJudged } from './record-judged.ts'

/** An entry to record, in the order in which the chain reported it. */
export type RecordEntry =
  | ({ kind: 'judged' } & Judged)
  | { kind: 'reorg'; ancestor: BlockRef; removed: readonly BlockRef[] }
  | { kind: 'finalized'; block: BlockRef }

export type Recorder = {
  /** Whether there is, or may soon be, an incident whose stolen funds are followed through blocks. */
  followsFunds(): boolean
  /** Queues entries in order; waits while the queue is full. */
  put(entry: RecordEntry): Promise<void>
  /** Records the queued entries, once, if the database is available, and ends. */
  stop(): Promise<void>
}

export type RecorderOptions = {
  app: App
  chain: ChainHandle
  /** Null: record only. */
  playbooks: Playbooks | null
  /** The defenders pulled a lever by hand, in this block. */
  onHandPull: (block: BlockRef) => void
  signal: AbortSignal
}

/** Judged blocks and pending transactions that may wait to be recorded. */
const CAPACITY = 256
/** Call frames of waiting blocks, which keep all their data: about 150 MB. */
const MOST_FRAMES = 100_000
/** Maximum number of entries recorded in one transaction. */
const BATCH = 64

/**
 * Records the watcher's results in a separate loop: many alerts in one transaction, then the playbooks that they begin,
 * then the stolen funds, and only then the cursor. So a crash between any two of these leaves the chain at an earlier
 * block, and recording again changes nothing. An entry that cannot be recorded now is tried again until it can.
 */
export function startRecorder(options: RecorderOptions): Recorder {
  const { chain, signal } = options
  const queue = createBoundedQueue<RecordEntry>({
    capacity: CAPACITY,
    weigh: framesOf,
    maxWeight: MOST_FRAMES,
  })
  let inHand = 0
  /** Entries with alerts that are not recorded yet: each may open an incident. */
  let alerting = 0
  /** Whether an incident exists on the chain, as of the last entry that was recorded; true if unknown. */
  let active = true
  const count = (): void => {
    chain.vitals.recording = { waiting: queue.size + inHand, capacity: CAPACITY }
  }
  count()
  const loop = async (): Promise<void> => {
    for (;;) {
      const entries = await queue.take(BATCH)
      if (entries.length === 0) return
      for (const run of runsOf(entries)) {
        inHand = run.length
        count()
        await record(run, options)
        if (run.some(isJudged)) active = await activeAfter(options)
        for (const entry of run) if (hasAlerts(entry)) alerting--
      }
      inHand = 0
      count()
    }
  }
  const ended = loop()
  // releases callers that wait for room
  ended.catch(() => queue.close())
  signal.addEventListener('abort', () => queue.close(), { once: true })
  return {
    followsFunds: () => active || alerting > 0,
    async put(entry) {
      if (hasAlerts(entry)) alerting++
      if (!(await queue.push(entry))) await ended
      count()
    },
    async stop() {
      queue.close()
      await ended
    },
  }
}

function framesOf(entry: RecordEntry): number {
  if (entry.kind !== 'judged' || entry.seen === null) return 0
  return weightOf(entry.seen.facts.bundle)
}

type JudgedEntry = Extract<RecordEntry, { kind: 'judged' }>

/** Consecutive judged blocks go into one transaction; everything else is recorded alone. */
function runsOf(entries: readonly RecordEntry[]): RecordEntry[][] {
  const runs: RecordEntry[][] = []
  for (const entry of entries) {
    const last = runs.at(-1)
    if (entry.kind === 'judged' && last?.[0]?.kind === 'judged') last.push(entry)
    else runs.push([entry])
  }
  return runs
}

const isJudged = (entry: RecordEntry): entry is JudgedEntry => entry.kind === 'judged'
const hasAlerts = (entry: RecordEntry): boolean => isJudged(entry) && entry.alerts.length > 0

async function record(run: readonly RecordEntry[], options: RecorderOptions): Promise<void> {
  const judged = run.filter(isJudged)
  if (judged.length > 0) return recordBlocks(judged, options)
  for (const entry of run) {
    if (entry.kind === 'reorg') await withdraw(entry, options)
    if (entry.kind === 'finalized') await keepFinality(entry.block, options)
  }
}

async function recordBlocks(judged: readonly JudgedEntry[], options: RecorderOptions): Promise<void> {
  const { app, chain, playbooks } = options
  const keep = (some: readonly JudgedEntry[]) => () => recordJudged({ app, chain, playbooks }, some)
  // entries that cannot be recorded together are recorded one by one, so that one bad entry stops no other
  if (judged.length === 1 || !(await persist(options, { act: keep(judged), orElse: () => {} })))
    for (const one of judged)
      await persist(options, { act: keep([one]), orElse: (reason) => tellLost(options, one, reason) })
  for (const { block, seen } of judged) {
    if (seen === null) continue
    if (block !== null) await followHands(options, { block, seen })
    await followFunds(options, seen)
  }
  const last = judged.findLast(({ block }) => block !== null)
  if (last === undefined || last.block === null) return
  const { block, traffic } = last
  const move = () =>
    transaction(
      app.store,
      async (tx) => {
        if (traffic !== null) await keepTraffic(tx, chain.chainId, traffic)
        await keepRecentBlocks(tx, chain.chainId, { blocks: recentOf(judged), window: chain.config.window })
        await setProcessed(tx, chain.chainId, block)
      },
      { idempotent: true },
    )
  await persist(options, { act: move, orElse: (reason) => tellTrouble(options, 'the cursor', reason) })
  for (const { number } of recentOf(judged)) crashPoint(`watch.processed:${number}`)
}

/** The data about the blocks that a restart needs. */
function recentOf(judged: readonly JudgedEntry[]): RecentBlock[] {
  return judged.flatMap(({ block, observed }) =>
    block === null || block.hash === null || observed === null
      ? []
      : [{ number: block.number, hash: block.hash, observed }],
  )
}

async function activeAfter({ app, chain }: RecorderOptions): Promise<boolean> {
  return hasActiveIncident(app.store, chain.chainId).catch(() => true)
}

/** Records which defender pulled a lever by hand, or took it back. An error here stops neither record nor watch. */
async function followHands(
  options: RecorderOptions,
  { block, seen }: { block: BlockRef; seen: NonNullable<Judged['seen']> },
): Promise<void> {
  const { app, chain, onHandPull } = options
  await runApart(options, 'calls by hand', async () => {
    if (await recordHandPulls(app, chain, seen.facts)) onHandPull(block)
  })
}

/** An unavailable database is waited for; any other error about funds stops neither record nor watch. */
async function followFunds(options: RecorderOptions, seen: NonNullable<Judged['seen']>): Promise<void> {
  const { app, chain } = options
  await runApart(options, 'stolen-funds watch', () => watchTaint(app, chain, seen))
}

async function runApart(options: RecorderOptions, name: string, follow: () => Promise<void>): Promise<void> {
  const { app, chain } = options
  let failure: { thrown: unknown } | null = null
  const orElse = (_reason: string, thrown: unknown): void => {
    failure = { thrown }
  }
  await persist(options, { act: follow, orElse })
  const act = async (): Promise<void> => {
    if (failure !== null) throw failure.thrown
  }
  await runTask(app, chain, { name, act })
}

async function withdraw(
  { ancestor, removed }: Extract<RecordEntry, { kind: 'reorg' }>,
  options: RecorderOptions,
): Promise<void> {
  const { app, chain } = options
  const { store, clock } = app
  forgetFlows(chain)
  const parts: [string, () => Promise<unknown>][] = [
    ['the withdrawal', () => withdrawBlocks({ store, clock }, chain.chainId, removed)],
    ['what is sent again', () => resendRemoved(app, chain, removed)],
    ['the funds', () => dropFundFlowsAfter(store, chain.chainId, ancestor.number)],
    ['the cursor', () => setProcessed(store, chain.chainId, ancestor)],
  ]
  for (const [part, act] of parts)
    await persist(options, {
      act,
      orElse: (reason) => tellTrouble(options, `${part} after a reorg to block ${ancestor.number}`, reason),
    })
}

async function keepFinality(block: BlockRef, options: RecorderOptions): Promise<void> {
  const { app, chain } = options
  const act = async (): Promise<void> => {
    await setFinalized(app.store, chain.chainId, block)
    await pruneFundFlows(app.store, chain.chainId, block.number)
  }
  await persist(options, {
    act,
    orElse: (reason) => tellTrouble(options, `that block ${block.number} is final`, reason),
  })
}

/** Number of tries of a write that fails although the database is available. */
const TRIES = 4

type Persisting = { act: () => Promise<unknown>; orElse: (reason: string, thrown: unknown) => void }

/**
 * Writes to the record. An unavailable database is waited for, however long; a write that the database or Cordon's own
 * code refuses repeatedly is given up, because one block must not stop a chain. False if it was given up.
 */
async function persist(
  { app, chain, signal }: RecorderOptions,
  { act, orElse }: Persisting,
): Promise<boolean> {
  let refusals = 0
  const isRetryable = (thrown: unknown): boolean => {
    const reason = messageOf(thrown)
    app.logger.error({ chainId: chain.chainId, reason }, 'could not record; trying again')
    return isAway(thrown) || ++refusals < TRIES
  }
  const patience = { attempts: Number.POSITIVE_INFINITY, delayMs: 200, maxDelayMs: 5_000 }
  try {
    await retry(act, { ...patience, clock: app.clock, signal, isRetryable })
    return true
  } catch (thrown) {
    if (isAway(thrown) || signal.aborted) throw thrown
    orElse(messageOf(thrown), thrown)
    return false
  }
}

function isAway(thrown: unknown): boolean {
  return (thrown instanceof CordonError && thrown.code === 'store.Unreachable') || isConnectionLoss(thrown)
}

/** An alert that cannot be recorded is reported in full, so that at least the log has it. */
function tellLost(options: RecorderOptions, { block, alerts }: JudgedEntry, reason: string): void {
  for (const alert of alerts) options.app.hub.tell(alert)
  options.app.logger.error({ block, alerts: alerts.map(({ message }) => message) }, 'alerts without a record')
  tellTrouble(options, `${alerts.length} alerts of block ${block?.number ?? 'pending'}`, reason)
}

function tellTrouble({ app, chain }: RecorderOptions, part: string, reason: string): void {
  const { chainId } = chain
  const message = `Could not record ${part}; watching continues.`
  app.logger.error({ chainId, reason }, message)
  app.hub.tell({ type: 'notice', chainId, code: 'not-recorded', message, facts: { reason } })
}
