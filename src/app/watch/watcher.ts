import type { DriftStage } from '../../calibrate/drift.ts'
import { followHead } from '../../chain/rpc/follow.ts'
import { watchPending } from '../../chain/rpc/pending.ts'
import { evaluateBlock, evaluatePending, finalize, packKept, rollback } from '../../detect/engine.ts'
import { blockFacts } from '../../facts/facts.ts'
import { withdrawBlocks } from '../../incidents/withdraw-blocks.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { messageOf } from '../../kit/error.ts'
import { retry } from '../../kit/retry.ts'
import type { Alert } from '../../model/alert.ts'
import type { BlockBundle, BlockRef, ChainUpdate, SourceNotice } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import type { Playbooks } from '../../playbooks/runner.ts'
import { ownTransactions } from '../../store/broadcasts.ts'
import { setFinalized, setProcessed } from '../../store/cursors.ts'
import { dropFundFlowsAfter, pruneFundFlows } from '../../store/fund-flows.ts'
import { keepRecentBlock } from '../../store/recent-blocks.ts'
import { insertRemarks } from '../../store/remarks.ts'
import { keepTraffic } from '../../store/traffic.ts'
import { alertsOf } from '../../triage/alerts.ts'
import type { App, ChainHandle } from '../context.ts'
import { applyRules, notFollowed, type RuleSet } from '../rules/reload.ts'
import { assessed, budgetFindings, followVerdicts, observeTraffic } from './assess.ts'
import { watchHolds } from './hold.ts'
import { keepSnapshots } from './keep-snapshots.ts'
import { latenessNow } from './lateness.ts'
import { mergeUpdates } from './merge.ts'
import { observedOf } from './observed.ts'
import { watchPresigned } from './presigned.ts'
import { withStateReads } from './reads.ts'
import { resendRemoved } from './resend.ts'
import { recordAndRespond } from './respond.ts'
import { resumeChain } from './resume.ts'
import { noteSignal, withSignals } from './signals.ts'
import { watchTaint } from './taint.ts'
import { noteOperations } from './take-note.ts'
import { tendBroadcasts } from './tend.ts'
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

/**
 * Watches one chain until the signal aborts: block → facts → findings → alerts → incident → playbook.
 * Goes on after a restart where it stopped. What cannot be recorded now is tried again until it can.
 */
export async function watchChain(options: WatchOptions): Promise<void> {
  const { app, chain, signal } = options
  const point = await resumeChain({
    app,
    chain,
    signal,
    tell: (notice) => tellNotice(notice, options),
    record: (findings, bundle) => report(findings, bundle, options),
  })
  const snapshots = keepSnapshots({ app, chain, tell: (notice) => tellNotice(notice, options) })
  const stopFollowing = followVerdicts(app, chain)
  signal.addEventListener('abort', stopFollowing, { once: true })
  tellBlindness(options)
  const head = followHead({
    rpc: chain.rpc,
    capabilities: chain.capabilities,
    logger: app.logger,
    window: chain.config.window,
    pollMs: chain.config.pollMs,
    finalityDepth: chain.config.finalityDepth,
    clock: app.clock,
    ...point,
    signal,
  })
  const { rpc, capabilities } = chain
  const sources = chain.config.mempool
    ? [head, watchPending({ rpc, capabilities, logger: app.logger, clock: app.clock, signal })]
    : [head]
  const followed = notFollowed()
  try {
    for await (const update of mergeUpdates(sources)) {
      if (options.rules !== undefined)
        for (const notice of applyRules(chain.engine, options.rules, followed)) tellNotice(notice, options)
      for (const each of withFinality(update, chain)) {
        await handle(each, options)
        if (each.kind === 'finalized') snapshots.offer(each.block)
      }
      if (signal.aborted) return
    }
  } finally {
    await snapshots.stop()
  }
}

async function handle(update: ChainUpdate, options: WatchOptions): Promise<void> {
  const { app, chain } = options
  noteSignal(chain.signals, update)
  switch (update.kind) {
    case 'block':
      return onBlock(update.bundle, options)
    case 'pending':
      return onPending(update.bundle, options)
    case 'reorg':
      return onReorg(update, options)
    case 'finalized':
      finalize(chain.engine, update.block)
      return persist(options, async () => {
        await setFinalized(app.store, chain.chainId, update.block)
        await pruneFundFlows(app.store, chain.chainId, update.block.number)
      })
    case 'notice':
      return tellNotice(update.notice, options)
  }
}

function tellNotice(notice: SourceNotice, { app, chain }: WatchOptions): void {
  app.logger.warn({ chainId: chain.chainId, ...notice.facts }, notice.message)
  app.hub.tell({ type: 'notice', chainId: chain.chainId, ...notice })
}

async function onBlock(bundle: BlockBundle, options: WatchOptions): Promise<void> {
  const { app, chain } = options
  const seen = withSignals(blockFacts(bundle), chain.signals)
  const facts = await withStateReads(seen, chain, app.logger)
  const began = performance.now()
  const findings = [...evaluateBlock(chain.engine, facts), ...budgetFindings(chain, bundle)]
  noteOperations(chain, bundle, findings)
  const { number, hash } = bundle
  app.hub.tell({
    type: 'block',
    chainId: chain.chainId,
    blockNumber: number,
    transactions: bundle.transactions.length,
    milliseconds: performance.now() - began,
  })
  const alerts = await report(findings, bundle, options)
  const drift = observeTraffic(chain, bundle, alerts)
  if (drift !== null) tellDrift(drift, options)
  await persist(options, async () => {
    // with nothing protected nothing is counted: no write a block for it
    if (chain.assessor.traffic.last !== null)
      await keepTraffic(app.store, chain.chainId, chain.assessor.traffic)
    await watchTaint(app, chain, { facts, findings })
    const { window } = chain.config
    await keepRecentBlock(app.store, chain.chainId, {
      block: { number, hash, observed: observedOf(facts) },
      window,
    })
    await setProcessed(app.store, chain.chainId, { number, hash })
    crashPoint(`watch.processed:${number}`)
    await watchHolds(app, chain, { number, hash })
    await tendBroadcasts(app, chain, { number, hash })
    await watchPresigned(app, chain, { number, hash })
  })
  packKept(chain.engine)
}

/** Pending transactions are judged at the head only: while blocks are caught up with, what detectors know is of another time. */
async function onPending(bundle: BlockBundle, options: WatchOptions): Promise<void> {
  const { engine, config } = options.chain
  const newest = engine.unfinalised.at(-1)?.ref.number
  if (newest === undefined || bundle.number - 1 - newest > config.late.blocks) return
  await report(evaluatePending(options.chain.engine, blockFacts(bundle)), bundle, options)
}

async function report(
  findings: readonly Finding[],
  bundle: BlockBundle,
  options: WatchOptions,
): Promise<Alert[]> {
  const { app, chain, playbooks } = options
  for (const finding of findings) app.hub.tell(finding)
  const { ours, others } = await apart(findings, options)
  const found = alertsOf(others).map((alert) => assessed(alert, bundle, chain))
  const late = found.length === 0 ? null : await latenessNow(options, bundle)
  const alerts = found.map((alert) => ({ ...alert, late }))
  const remarks = [...ours, ...others.filter(({ shadow }) => shadow)]
  if (remarks.length > 0) await persist(options, () => keepRemarks(app, remarks))
  for (const alert of alerts) {
    app.hub.tell(alert)
    await persist(options, async () => {
      const recorded = await recordAndRespond(app, { alert, bundle }, playbooks)
      if (recorded === null) await keepRemarks(app, alert.findings)
    })
  }
  return alerts
}

/** What we broadcast ourselves is no attack on us: it is on record as remarks, and no incident opens again for it. */
async function apart(
  findings: readonly Finding[],
  options: WatchOptions,
): Promise<{ ours: Finding[]; others: Finding[] }> {
  const { app, chain } = options
  const hashes = findings.flatMap(({ transactionHash }) => transactionHash ?? [])
  let own: ReadonlySet<string> = new Set()
  await persist(options, async () => {
    own = await ownTransactions(app.store, chain.chainId, hashes)
  })
  const isOurs = ({ transactionHash }: Finding): boolean => own.has(transactionHash ?? '')
  return { ours: findings.filter(isOurs), others: findings.filter((finding) => !isOurs(finding)) }
}

/** What is only tried, or said in too low a voice for an incident, is on record all the same. */
function keepRemarks({ store, clock }: App, findings: readonly Finding[]): Promise<void> {
  return insertRemarks(store, findings, clock.now())
}

/** Drift is told out loud: what the promises rest on no longer looks like the past. */
function tellDrift(drift: DriftStage, { app, chain }: WatchOptions): void {
  const { chainId } = chain
  const message = {
    stable: 'Traffic looks like the past again: automatic action is armed as before.',
    widen: 'Traffic may have changed: intervals are widened.',
    disarm: 'Traffic has changed: nothing is done without people until it is steady again.',
  }[drift.stage]
  app.logger.warn({ chainId, stage: drift.stage }, message)
  const facts = { ...drift }
  app.hub.tell({ type: 'notice', chainId, code: 'calibration-drift', message, facts })
}

type Reorg = { ancestor: BlockRef; removed: readonly BlockRef[] }

async function onReorg({ ancestor, removed }: Reorg, options: WatchOptions): Promise<void> {
  const { app, chain } = options
  rollback(chain.engine, ancestor)
  app.hub.tell({ type: 'reorg', chainId: chain.chainId, ancestor: ancestor.number, removed: removed.length })
  await persist(options, async () => {
    await withdrawBlocks({ store: app.store, clock: app.clock }, chain.chainId, removed)
    await resendRemoved(app, chain, removed)
    await dropFundFlowsAfter(app.store, chain.chainId, ancestor.number)
    await setProcessed(app.store, chain.chainId, ancestor)
  })
}

/** The database may be away: what was seen is kept in hand and tried again until it is on record. */
async function persist({ app, chain, signal }: WatchOptions, act: () => Promise<void>): Promise<void> {
  await retry(act, {
    attempts: Number.POSITIVE_INFINITY,
    delayMs: 200,
    maxDelayMs: 10_000,
    clock: app.clock,
    signal,
    isRetryable: (thrown) => {
      app.logger.error(
        { chainId: chain.chainId, reason: messageOf(thrown) },
        'could not record; trying again',
      )
      return true
    },
  })
}

/** What cannot be seen with this node is said at once, not when it would have mattered. */
function tellBlindness({ app, chain }: WatchOptions): void {
  if (chain.capabilities.traces !== 'none') return
  for (const { detector } of chain.engine.cells) {
    if (!detector.needs.includes('traces')) continue
    app.hub.tell({ type: 'blind', chainId: chain.chainId, detector: detector.id, missing: 'traces' })
    app.logger.warn({ chainId: chain.chainId, detector: detector.id }, 'blind: the node has no trace method')
  }
}
