import { followHead } from '../chain/rpc/follow.ts'
import { watchPending } from '../chain/rpc/pending.ts'
import { evaluateBlock, finalize, packKept, rollback } from '../detect/engine/engine.ts'
import { blockFacts } from '../facts/facts.ts'
import { applyRules, followRules, notFollowed } from '../files/followed-rules.ts'
import {
  createDetection,
  type Detection,
  type DetectionLine,
  detectIn,
  summaryOf,
} from '../incidents/detection.ts'
import { systemClock } from '../kit/clock.ts'
import type { Logger } from '../kit/logger.ts'
import type { BlockBundle, ChainUpdate } from '../model/block.ts'
import type { Config } from '../model/config.ts'
import type { BlockFacts } from '../model/fact.ts'
import type { LiveEvent } from '../notify/hub.ts'
import { openChains } from './chains.ts'
import type { ChainHandle } from './context.ts'
import { noteSignal, withSignals } from './memory/signals.ts'
import { mergeUpdates } from './watch/merge.ts'
import { partialNotice } from './watch/partial-notice.ts'
import { beginReads, withStateReads } from './watch/reads.ts'

export type WatchOnlyOptions = {
  config: Config
  logger: Logger
  mempool: boolean
  fromBlock?: number
  maxBlocks: number
  progress: (text: string) => void
  signal: AbortSignal
}

export type WatchLine = DetectionLine | Extract<LiveEvent, { type: 'notice' | 'blind' | 'reorg' }>

/** Detection on the first chain of the config without database or response; the summary comes last. */
export async function* watchOnly(options: WatchOnlyOptions): AsyncGenerator<WatchLine> {
  const { config, signal, logger } = options
  const notify = (message: string): void => logger.warn({}, message)
  const chain = [...(await openChains(config, systemClock, { notify, signal })).values()][0]
  if (chain === undefined) return
  const detection = createDetection(chain.engine, chain.assessor)
  const rules = followRules({ paths: config.rules })
  const followed = notFollowed()
  const done = new AbortController()
  const stop = (): void => done.abort()
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (chain.capabilities.traces === 'none') yield* blindness(chain)
    for await (const update of mergeUpdates(sourcesOf(chain, options, done.signal), (it) =>
      beginReads(it, chain),
    )) {
      for (const notice of applyRules(chain.engine, rules, followed))
        yield { type: 'notice', chainId: chain.chainId, ...notice }
      noteSignal(chain.signals, update)
      yield* linesOf(update, { chain, detection, logger: options.logger })
      const { counts } = detection
      options.progress(
        `block ${chain.engine.unfinalised.at(-1)?.ref.number ?? '…'} · ${counts.transactions} transactions · ${counts.alerts} alerts`,
      )
      if (counts.blocks >= options.maxBlocks || signal.aborted) break
    }
    yield summaryOf(detection)
  } finally {
    stop()
    rules.stop()
    await chain.rpc.close()
  }
}

function sourcesOf(
  chain: ChainHandle,
  options: WatchOnlyOptions,
  signal: AbortSignal,
): AsyncIterable<ChainUpdate>[] {
  const { rpc, capabilities, config } = chain
  const { logger, fromBlock = config.fromBlock } = options
  const { window, pollMs, finalityDepth } = config
  const head = followHead({
    rpc,
    chainId: chain.chainId,
    vitals: chain.vitals,
    logger,
    window,
    pollMs,
    finalityDepth,
    signal,
    ...(fromBlock === undefined ? {} : { fromBlock }),
  })
  return options.mempool || config.mempool
    ? [head, watchPending({ rpc, capabilities, logger, signal })]
    : [head]
}

type Watching = { chain: ChainHandle; detection: Detection; logger: Logger }

async function* linesOf(update: ChainUpdate, at: Watching): AsyncGenerator<WatchLine> {
  const { chain, detection } = at
  const { chainId, engine } = chain
  switch (update.kind) {
    case 'block':
      if (update.bundle.gaps.length > 0) yield { type: 'notice', chainId, ...partialNotice(update.bundle) }
      yield* detectIn(detection, await factsOf(update.bundle, at), evaluateBlock)
      packKept(engine)
      return
    case 'pending':
      yield* detectIn(detection, blockFacts(update.bundle))
      return
    case 'reorg':
      rollback(engine, update.ancestor)
      yield { type: 'reorg', chainId, ancestor: update.ancestor.number, removed: update.removed.length }
      return
    case 'finalized':
      finalize(engine, update.block)
      return
    case 'notice':
      yield { type: 'notice', chainId, ...update.notice }
  }
}

/** Adds the node's answers to the detectors’ view calls, and the network signals of following. */
async function factsOf(bundle: BlockBundle, { chain, logger }: Watching): Promise<BlockFacts> {
  const observed = withSignals(blockFacts(bundle), chain.signals)
  return (await withStateReads(observed, chain, logger)).facts
}

function* blindness({ chainId, engine }: ChainHandle): Generator<WatchLine> {
  for (const { detector } of engine.cells) {
    if (detector.needs.includes('traces'))
      yield { type: 'blind', chainId, detector: detector.id, missing: 'traces' }
  }
}
