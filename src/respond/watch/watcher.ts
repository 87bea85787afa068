import { hasTraces } from '../../chain/rpc/capabilities.ts'
import { followHead } from '../../chain/rpc/follow.ts'
import { watchPending } from '../../chain/rpc/pending.ts'
import { blindFindings, type Untraceable } from '../../detect/engine/blind-finding.ts'
import {
  blindIn,
  evaluateBlock,
  evaluatePending,
  finalize,
  packKept,
  rollback,
} from '../../detect/engine/engine.ts'
import { blockFacts } from '../../facts/facts.ts'
import { applyRules, type Followed, notFollowed, type RuleSet } from '../../files/followed-rules.ts'
import { alertsOf } from '../../incidents/alerts.ts'
import { assessed, budgetFindings, observeTraffic } from '../../incidents/assess.ts'
import { messageOf } from '../../kit/error.ts'
import type { Alert } from '../../model/alert.ts'
import type { BlockBundle, BlockRef, ChainUpdate, SourceNotice } from '../../model/block.ts'
import type { DetectorNeed } from '../../model/detector.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Playbooks } from '../../playbooks/runner.ts'
import { latenessOf } from '../actions/lateness.ts'
import type { App, ChainHandle } from '../context.ts'
import { mappingProtocol } from '../memory/map-protocol.ts'
import { recogniseKinds } from '../memory/protocol-kinds.ts'
import { noteSignal, withSignals } from '../memory/signals.ts'
import { tellDrift } from '../upkeep/drift-page.ts'
import { watchHolds } from '../upkeep/hold.ts'
import { partOwnPauses } from '../upkeep/own-pauses.ts'
import { watchPresigned } from '../upkeep/presigned.ts'
import { reprobing } from '../upkeep/reprobe.ts'
import { tendBroadcasts } from '../upkeep/tend.ts'
import { startUpkeep, type Upkeep, type UpkeepTask } from '../upkeep/upkeep.ts'
import { verifyHandPulls } from '../upkeep/verify-hand-pulls.ts'
import { answerOwed, followAnswers } from './answer-owed.ts'
import { pageBlindSpots } from './blind-spots.ts'
import { withFirstDeals } from './first-deals.ts'
import { keepSnapshots, type SnapshotKeeper } from './keep-snapshots.ts'
import { mergeUpdates } from './merge.ts'
import { keptOf } from './observed.ts'
import { withOwnMoney } from './own-money.ts'
import { partialNotice } from './partial-notice.ts'
import { beginReads, withStateReads } from './reads.ts'
import { followVerdicts } from './recalled-traffic.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { type Rereading, startRereading } from './reread.ts'
import { resumeChain } from './resume.ts'
import type { StartingPoint } from './resuming.ts'
import { noteOperations, notFromUs } from './take-note.ts'
import { withFinality } from './with-finality.ts'

export type WatchOptions = {
  app: App
  chain: ChainHandle
  /** Null: watch and record only. */
  playbooks: Playbooks | null
  /** Rules that may change while the chain is watched. */
  rules?: RuleSet
  signal: AbortSignal
}

type Watching = WatchOptions & {
  recorder: Recorder
  upkeep: Upkeep
  /** Looks for calls that the defenders made by hand: after each block, and when one is on record. */
  hands: Upkeep
  snapshots: SnapshotKeeper
  rereading: Rereading
  untraceable: Untraceable
  /** Detectors that saw nothing of the newest block with transactions, and what they lacked. */
  sight: { lost: ReadonlyMap<string, DetectorNeed> }
  followed: Followed
}

/**
 * Watches one chain until the signal aborts: block → facts → findings, reported immediately; alerts, incidents and
 * playbooks follow at the recorder's own pace, upkeep at its own. After a restart it continues after the last recorded
 * block.
 */
export async function watchChain(options: WatchOptions): Promise<void> {
  const { app, chain, signal } = options
  const stopFollowing = followVerdicts(app, chain)
  const stopAnswering = followAnswers(options)
  const stopListening = (): void => {
    stopFollowing()
    stopAnswering()
  }
  signal.addEventListener('abort', stopListening, { once: true })
  tellBlindness(options)
  const hands = startUpkeep(app, chain, [{ name: 'pulls by hand', run: verifyHandPulls }])
  const recorder = startRecorder({ ...options, onHandPull: hands.onBlock })
  const sight: Watching['sight'] = { lost: new Map() }
  const probes = reprobing(() => {
    tellSight(new Map(), { ...options, sight })
    rereading.hasten()
  })
  const upkeep = startUpkeep(app, chain, [
    ...UPKEEP,
    { name: 'owed answers', run: () => answerOwed(options) },
    { name: 'capability probes', run: probes },
    { name: 'protocol kinds', run: recogniseKinds },
    { name: 'protocol maps', run: mappingProtocol() },
  ])
  const suspect = (findings: readonly Finding[], timestamp: number | null): Promise<void> =>
    suspectBlindSpots(findings, timestamp, { ...options, recorder })
  const untraceable: Untraceable = new Map()
  const tell = (notice: SourceNotice): void => tellNotice(notice, options)
  const record = (findings: readonly Finding[], bundle: BlockBundle): Promise<Alert[]> =>
    judgeLate(findings, bundle, { ...options, recorder })
  const resumed = resumeChain({ app, chain, signal, tell, record })
  const ready = resumed.catch(() => undefined)
  const rereading = startRereading({ app, chain, judge: record, suspect, ready, signal })
  const snapshots = keepSnapshots({ app, chain, tell })
  const watching = {
    ...options,
    ...{ recorder, upkeep, hands, snapshots, rereading, untraceable, sight, followed: notFollowed() },
  }
  try {
    const point = await resumed
    const sources = sourcesOf(options, point)
    for await (const update of mergeUpdates(sources, (it) => beginReads(it, chain))) {
      takeRules(watching)
      for (const each of withFinality(update, chain)) await handle(each, watching)
      if (signal.aborted) break
    }
  } finally {
    await rereading.stop()
    await upkeep.stop()
    await recorder.stop()
    await hands.stop()
    await snapshots.stop()
  }
}

/** The tasks after each block: each isolated from the others and from the watch. */
const UPKEEP: readonly UpkeepTask[] = [
  { name: 'hold checks', run: watchHolds },
  { name: 'rebroadcasts', run: tendBroadcasts },
  { name: 'pre-signed calls', run: watchPresigned },
]

function sourcesOf({ app, chain, signal }: WatchOptions, point: StartingPoint): AsyncIterable<ChainUpdate>[] {
  const { rpc, capabilities, config, chainId, vitals } = chain
  const { logger, clock } = app
  const head = followHead({
    ...{ rpc, chainId, vitals, logger, clock, signal },
    window: config.window,
    patience: config.patience,
    reexec: config.reexec,
    pollMs: config.pollMs,
    finalityDepth: config.finalityDepth,
    ...point,
    areTracesExpected: point.areTracesExpected === true || hasTraces(capabilities),
  })
  return config.mempool ? [head, watchPending({ rpc, capabilities, logger, clock, signal })] : [head]
}

function takeRules(watching: Watching): void {
  const { rules, followed, chain } = watching
  if (rules === undefined) return
  for (const notice of applyRules(chain.engine, rules, followed)) tellNotice(notice, watching)
}

async function handle(update: ChainUpdate, watching: Watching): Promise<void> {
  const { chain, recorder, snapshots } = watching
  noteSignal(chain.signals, update)
  switch (update.kind) {
    case 'block':
      return onBlock(update.bundle, watching)
    case 'pending':
      return onPending(update.bundle, watching)
    case 'reorg':
      return onReorg(update, watching)
    case 'finalized':
      finalize(chain.engine, update.block)
      await recorder.put(update)
      return snapshots.offer(update.block)
    case 'notice':
      if (RECOVERED.has(update.notice.code)) watching.rereading.hasten()
      return tellNotice(update.notice, watching)
  }
}

/**
 * A node that was away may have answered no second reading meanwhile: waiting blocks are read now, not minutes later.
 */
const RECOVERED: ReadonlySet<SourceNotice['code']> = new Set(['endpoint-recovered', 'source-recovered'])

function tellNotice(notice: SourceNotice, { app, chain }: WatchOptions): void {
  app.logger.warn({ chainId: chain.chainId, ...notice.facts }, notice.message)
  app.hub.tell({ type: 'notice', chainId: chain.chainId, ...notice })
}

async function onBlock(bundle: BlockBundle, watching: Watching): Promise<void> {
  const { app, chain, recorder, upkeep, hands } = watching
  const observed = withSignals(blockFacts(bundle), chain.signals)
  const { facts, unread } = await withStateReads(observed, chain, app.logger)
  const began = performance.now()
  const said = evaluateBlock(chain.engine, facts)
  const asked = { chain, logger: app.logger }
  const weighed = await withOwnMoney(await withFirstDeals(said, bundle, asked), bundle, asked)
  const findings = [...weighed, ...budgetFindings(chain, bundle)]
  noteOperations(chain, bundle, findings)
  const { number, hash, timestamp } = bundle
  chain.vitals.processed = { number, timestamp, at: app.clock.now() }
  app.hub.tell({
    type: 'block',
    chainId: chain.chainId,
    blockNumber: number,
    transactions: bundle.transactions.length,
    milliseconds: performance.now() - began,
  })
  const judged = await report(findings, facts, watching)
  noteGaps({ facts, unread }, watching)
  const { alerts, remarks } = judged
  const change = observeTraffic(chain, bundle, alerts.filter(notFromUs(bundle, app)))
  if (change !== null) void tellDrift(app, chain, { change, blockNumber: number })
  // Before the record, which may be full: upkeep on the chain runs in any case.
  upkeep.onBlock({ number, hash })
  hands.onBlock({ number, hash })
  const { transactions, days, last } = chain.assessor.traffic
  await recorder.put({
    kind: 'judged',
    block: { number, hash },
    timestamp: bundle.timestamp,
    alerts,
    remarks,
    // With nothing protected nothing is counted: this saves a write per block.
    traffic: last === null ? null : { transactions, days },
    observed: keptOf(facts, {
      capabilities: chain.capabilities,
      now: app.clock.now(),
      head: chain.vitals.head?.number ?? null,
    }),
    seen: recorder.followsFunds() || alerts.length > 0 ? { facts, findings } : null,
  })
  packKept(chain.engine)
}

/** Pending transactions are judged at the head only: during catch-up, the detectors' state belongs to another time. */
async function onPending(bundle: BlockBundle, watching: Watching): Promise<void> {
  const { chain, recorder } = watching
  const newest = chain.engine.unfinalised.at(-1)?.ref.number
  if (newest === undefined || bundle.number - 1 - newest > chain.config.late.blocks) return
  const facts = blockFacts(bundle)
  const findings = evaluatePending(chain.engine, facts)
  const asked = { chain, logger: watching.app.logger }
  const weighed = await withOwnMoney(await withFirstDeals(findings, bundle, asked), bundle, asked)
  const judged = await report(weighed, facts, watching)
  if (judged.alerts.length + judged.remarks.length === 0) return
  const { timestamp } = bundle
  await recorder.put({ kind: 'judged', block: null, timestamp, ...judged, ...ALONE })
}

/** For anything but a block that was just judged, only the alerts are kept. */
const ALONE = { traffic: null, observed: null, seen: null }

/** Reports and records the parts of a block that could not be seen; they are read again in parallel with the watch. */
function noteGaps(
  { facts, unread }: { facts: BlockFacts; unread: readonly string[] },
  watching: Watching,
): void {
  const { app, chain, rereading, untraceable } = watching
  const { bundle } = facts
  const blind = blindIn(chain.engine, facts)
  const { length } = bundle.transactions
  // An empty block does not show whether sight is back.
  if (length > 0) {
    const sightless = blind.filter(({ transactions }) => transactions.length === length)
    tellSight(new Map(sightless.map(({ detector, missing }) => [detector, missing])), watching)
  }
  chain.vitals.blindDetectors = new Map([
    ...unread.map((detector) => [detector, 'state'] as const),
    ...watching.sight.lost,
    ...blind.map(({ detector, missing }) => [detector, missing] as const),
  ])
  if (bundle.gaps.length === 0) return
  const { number, hash, timestamp, gaps } = bundle
  const blindDetectors = blind.map(({ detector }) => detector)
  tellNotice(partialNotice(bundle, blindDetectors), watching)
  const partial = { block: { number, hash }, timestamp, gaps, blindDetectors, state: 'open' as const }
  const suspicions = blindFindings(bundle, { scope: chain.engine.scope, senders: untraceable })
  void rereading
    .note(partial, suspicions)
    .catch((thrown) =>
      app.logger.error({ block: number, reason: messageOf(thrown) }, 'could not record a partial block'),
    )
}

/** Reports when whole blocks without traces or logs begin and end; single gaps have their own notice. */
function tellSight(
  lost: ReadonlyMap<string, DetectorNeed>,
  watching: WatchOptions & Pick<Watching, 'sight'>,
): void {
  const { sight, chain } = watching
  const blind = [...lost.keys()]
  const isSame = blind.join() === [...sight.lost.keys()].join()
  sight.lost = lost
  if (isSame) return
  if (blind.length === 0) chain.vitals.blindDetectors = new Map()
  const message =
    blind.length === 0
      ? 'No detector is blind any more.'
      : `${blind.length} detectors are blind to the newest block: ${blind.join(', ')}.`
  const code = blind.length === 0 ? 'sight-recovered' : 'sight-lost'
  tellNotice({ code, message, facts: { blind } }, watching)
}

/** Transactions that stay unseen: an alert, and a page by policy. */
async function suspectBlindSpots(
  findings: readonly Finding[],
  timestamp: number | null,
  { app, recorder }: WatchOptions & { recorder: Recorder },
): Promise<void> {
  for (const finding of findings) app.hub.tell(finding)
  const alerts = alertsOf(findings)
  await recorder.put({
    kind: 'judged',
    block: null,
    timestamp,
    alerts,
    remarks: [],
    ...ALONE,
  })
  await pageBlindSpots(app, findings)
}

/**
 * Reports the findings of a fuller reading of a block, or of a past block that is learned from, like any finding; the
 * cursor does not move.
 */
async function judgeLate(
  findings: readonly Finding[],
  bundle: BlockBundle,
  watching: WatchOptions & { recorder: Recorder },
): Promise<Alert[]> {
  const judged = await report(findings, blockFacts(bundle), watching)
  const alerts = judged.alerts.filter(notFromUs(bundle, watching.app))
  if (judged.alerts.length + judged.remarks.length === 0) return alerts
  const { timestamp } = bundle
  await watching.recorder.put({
    kind: 'judged',
    block: null,
    timestamp,
    ...judged,
    ...ALONE,
  })
  return alerts
}

/** Findings are reported immediately; the alerts from them are reported once on record. */
async function report(
  said: readonly Finding[],
  facts: BlockFacts,
  { app, chain }: WatchOptions,
): Promise<{ alerts: Alert[]; remarks: Finding[] }> {
  const { bundle } = facts
  const { findings, own } = await partOwnPauses(said, facts, app)
  for (const finding of findings) app.hub.tell(finding)
  const late = latenessOf(bundle, chain)
  const alerts = alertsOf(findings).map((alert) => ({ ...assessed(alert, bundle, chain), late }))
  return { alerts, remarks: [...findings.filter(({ shadow }) => shadow), ...own] }
}

type Reorg = { ancestor: BlockRef; removed: readonly BlockRef[] }

async function onReorg(
  { ancestor, removed }: Reorg,
  { app, chain, recorder, rereading }: Watching,
): Promise<void> {
  rollback(chain.engine, ancestor)
  rereading.forget(removed)
  app.hub.tell({ type: 'reorg', chainId: chain.chainId, ancestor: ancestor.number, removed: removed.length })
  await recorder.put({ kind: 'reorg', ancestor, removed })
}

/** Blind spots with this node are reported at the start, not when they would have mattered. */
function tellBlindness({ app, chain }: WatchOptions): void {
  if (chain.capabilities.traces !== 'none') return
  for (const { detector } of chain.engine.cells) {
    if (!detector.needs.includes('traces')) continue
    app.hub.tell({ type: 'blind', chainId: chain.chainId, detector: detector.id, missing: 'traces' })
    app.logger.warn({ chainId: chain.chainId, detector: detector.id }, 'blind: the node has no trace method')
  }
}
