import { messageOf } from '../../kit/error.ts'
import type { Health, HealthReason } from '../../model/health.ts'
import { findCursor } from '../../store/cursors.ts'
import { listRecentBlocks } from '../../store/recent-blocks.ts'
import type { App, ChainHandle } from '../context.ts'
import { restoreArrival } from '../watch/observed.ts'
import { type ChainInputs, chainHealthOf } from './chain-health.ts'
import { calm, type Episode, nextEpisode } from './episode.ts'
import { healthReader } from './health.ts'
import { inputsOf } from './inputs.ts'
import { closingPage, openingPage, sendPage } from './page.ts'
import { probeChain } from './probe.ts'
import { type ChainSight, MOST_HEADS } from './sight.ts'

const SHORTEST_MS = 1_000
const LONGEST_MS = 5_000
/** Interval between checks of the overall health, for followers of the live updates. */
const HEALTH_EVERY_MS = 5_000
/** In the chain's own blocks, and seconds at least: how long blindness or lateness lasts before it is paged. */
const BLIND = { blocks: 3, seconds: 5 }
const LATE = { blocks: 10, seconds: 20 }
const LATE_CODES: ReadonlySet<string> = new Set(['behind', 'head-standing'])

/**
 * Watches the watchers, next to the block path: asks the endpoints of each chain for their heads, pages operations once
 * when a chain is not seen or its watcher falls behind, and once when that is over. Resolves when the signal aborts.
 */
export async function watchSight(app: App, signal: AbortSignal): Promise<void> {
  const stop = followBlocks(app)
  try {
    await Promise.all([
      ...[...app.chains.values()].map((chain) => watchOne(app, chain, signal)),
      tellHealth(app, signal),
    ])
  } finally {
    stop()
  }
}

/** The newest block of each watcher, if its own vitals do not show it. Returns a function that stops following. */
function followBlocks({ hub, chains, sights }: App): () => void {
  return hub.listen((line) => {
    if (line.type !== 'block' && line.type !== 'reorg') return
    const [chain, sight] = [chains.get(line.chainId), sights.get(line.chainId)]
    const last = chain?.engine.unfinalised.at(-1)
    if (sight !== undefined && last !== undefined)
      sight.processed = { number: last.ref.number, timestamp: last.timestamp }
  })
}

async function watchOne(app: App, chain: ChainHandle, signal: AbortSignal): Promise<void> {
  const sight = app.sights.get(chain.chainId)
  if (sight === undefined) return
  await recallProcessed(app, chain.chainId, sight)
  let episode = calm
  while (!signal.aborted) {
    await probeChain(chain, sight, app.clock)
    if (signal.aborted) return
    episode = page(app, inputsOf(chain, sight), episode)
    const own = chainHealthOf(inputsOf(chain, sight), app.clock.now()).health.blockSeconds ?? 2
    await app.clock.sleep(Math.min(Math.max(own * 500, SHORTEST_MS), LONGEST_MS), signal)
  }
}

/** The state before the restart counts: how far the chain was processed, and when its blocks came. */
async function recallProcessed({ store, logger }: App, chainId: number, sight: ChainSight): Promise<void> {
  try {
    const processed = (await findCursor(store, chainId))?.processed ?? null
    if (processed === null) return
    sight.processed ??= { number: processed.number, timestamp: null }
    const recent = await listRecentBlocks(store, chainId, processed.number)
    const heads = recent.slice(-MOST_HEADS).flatMap(({ number, observed }) => {
      const arrival = restoreArrival(observed)
      return arrival === undefined ? [] : [{ number, ...arrival }]
    })
    if (sight.heads.length === 0) sight.heads = heads
  } catch (thrown) {
    logger.warn({ chainId, reason: messageOf(thrown) }, 'could not read the cursor')
  }
}

function page(app: App, inputs: ChainInputs, episode: Episode): Episode {
  const now = app.clock.now()
  const { health, reasons } = chainHealthOf(inputs, now)
  const serious = reasons.filter(isSerious(inputs))
  const blockSeconds = health.blockSeconds ?? 0
  const lasting = ({ blocks, seconds }: typeof BLIND): number =>
    1000 * Math.max(blocks * blockSeconds, seconds)
  const bound = serious.some(({ status }) => status === 'blind') ? BLIND : LATE
  const patienceMs = serious.length === 0 ? null : lasting(bound)
  const step = nextEpisode(episode, { now, patienceMs, calmMs: lasting(BLIND) })
  const { chainId } = inputs
  if (step.episode.state === 'open' && step.change === 'opened')
    void sendPage(app, openingPage(app, { chainId, since: step.episode.since, reasons: serious }))
  if (episode.state === 'open' && step.change === 'closed')
    void sendPage(app, closingPage(app, { chainId, since: episode.since }))
  return step.episode
}

/** While history is read to learn from, the head is far away: that is not reported. */
function isSerious({ vitals }: ChainInputs): (reason: HealthReason) => boolean {
  const isLearning = vitals.learning?.state === 'learning'
  return ({ code, status }) =>
    !(isLearning && code === 'behind') && (status === 'blind' || LATE_CODES.has(code))
}

/** Publishes the health whenever the reasons have changed and stay so for a second check. */
async function tellHealth(app: App, signal: AbortSignal): Promise<void> {
  const read = healthReader(app)
  let told = ''
  let before = ''
  while (!signal.aborted) {
    const health = await read()
    const now = signatureOf(health)
    if (now !== told && now === before) {
      told = now
      app.hub.tell({ type: 'health', status: health.status, reasons: health.reasons })
    }
    before = now
    await app.clock.sleep(HEALTH_EVERY_MS, signal)
  }
}

function signatureOf({ reasons }: Health): string {
  return reasons.map(({ code, chainId, status }) => `${code}:${chainId ?? ''}:${status}`).join(',')
}
