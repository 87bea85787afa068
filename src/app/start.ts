import { setMaxListeners } from 'node:events'
import { openSigners } from '../contain/signers/configured.ts'
import type { Signer } from '../contain/signers/signer.ts'
import { followRules } from '../files/followed-rules.ts'
import { loadPlaybooks } from '../files/playbooks.ts'
import type { Clock } from '../kit/clock.ts'
import { systemClock } from '../kit/clock.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import { type Config, namesOf } from '../model/config.ts'
import type { Incident } from '../model/incident.ts'
import type { Hub } from '../notify/hub.ts'
import { createHub } from '../notify/hub.ts'
import { openChannels } from '../notify/registry.ts'
import type { Playbooks } from '../playbooks/runner.ts'
import { startPlaybooks } from '../playbooks/runner.ts'
import { notifyKind } from '../respond/actions/notify.ts'
import { openActions } from '../respond/actions/registry.ts'
import { openChains } from '../respond/chains.ts'
import type { App } from '../respond/context.ts'
import { startCourier } from '../respond/courier.ts'
import { lexiconOf } from '../respond/lexicon.ts'
import { emptySight } from '../respond/sight/sight.ts'
import { watchSight } from '../respond/sight/watch.ts'
import { type WatchOptions, watchChain } from '../respond/watch/watcher.ts'
import { openDatabase } from '../store/database.ts'
import { listenTimeline } from '../store/listen.ts'
import { investigateIncident } from './investigate-incident.ts'

export type StartOptions = {
  config: Config
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
  /** The output of the console channel. */
  write: (line: string) => void
  kind?: Incident['kind']
  /** False: nobody answers, so a drill's playbook leaves its human part out. */
  people?: boolean
  hub?: Hub
  clock?: Clock
  /**
   * Aborts a start that has not finished, also one that waits for a node; everything that was opened is closed again.
   */
  signal?: AbortSignal
  /** Signers that do not come from the environment: the drill’s. */
  signers?: readonly Signer[]
}

export type RunningApp = {
  app: App
  playbooks: Playbooks | null
  database: 'DATABASE_URL' | 'embedded'
  /** Rejects if a watcher cannot continue; resolves when all have stopped. */
  watching: Promise<void>
  stop(): Promise<void>
}

/** Judged blocks that wait to be recorded while the record counts as behind. */
const BEHIND = 2

/**
 * Starts the whole program on one configuration: database, chains, playbooks, watchers. If a later part fails,
 * everything that was opened is closed again. Throws the errors of the parts, and `app.Interrupted`.
 */
export async function startApp(options: StartOptions): Promise<RunningApp> {
  const { config, env, logger, clock = systemClock, hub = createHub(), kind = 'normal' } = options
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse())
      await closer().catch((thrown) => logger.warn({ reason: messageOf(thrown) }, 'while stopping'))
  }
  try {
    const database = await openDatabase({ dataDir: config.dataDir, env, logger })
    closers.push(database.close)
    goOn(options)
    const notify = (message: string): void => logger.warn({}, message)
    const chains = await openChains(config, clock, {
      notify,
      signal: options.signal ?? new AbortController().signal,
    })
    closers.push(async () => {
      await Promise.all(
        [...chains.values()]
          .flatMap(({ rpc, relays }) => [rpc, ...relays.map((relay) => relay.rpc)])
          .map((it) => it.close()),
      )
    })
    goOn(options)
    const app = await appOf(options, { clock, hub, kind, chains, store: database.store })
    hub.speak((chainId, assets) => lexiconOf(app, chainId, assets))
    const tools = { investigate: investigateIncident }
    const actions = openActions(app, tools)
    app.playbooks = await loadPlaybooks(config.respond.playbooks, actions)
    const listener = await listenTimeline(database.store, (entry) => hub.tell({ type: 'timeline', ...entry }))
    closers.push(listener.stop)
    goOn(options)
    const playbooks = config.respond.enabled
      ? await startPlaybooks({
          databaseUrl: database.url,
          store: database.store,
          actions,
          tell: { ...notifyKind, run: notifyKind.open(app, tools) },
          people: options.people ?? true,
          isCrowded: () => [...chains.values()].some(({ vitals }) => vitals.recording.waiting > BEHIND),
          clock,
          logger,
        })
      : null
    if (playbooks !== null) closers.push(playbooks.stop)
    const courier = startCourier(app)
    closers.push(courier.stop)
    const abort = new AbortController()
    // every part of every chain waits on it: Node warns of a leak from the eleventh on
    setMaxListeners(0, abort.signal)
    const rules = followRules({ paths: config.rules })
    closers.push(async () => rules.stop())
    const watching = watchAll(app, { playbooks, rules, signal: abort.signal })
    const sight = watchSight(app, abort.signal)
    closers.push(async () => {
      abort.abort()
      await Promise.allSettled([watching, sight])
    })
    return { app, playbooks, database: database.origin, watching, stop: close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

type Opened = Pick<App, 'clock' | 'hub' | 'kind' | 'chains' | 'store'>

/** The parts of the program together, with signers and channels opened. */
async function appOf(options: StartOptions, opened: Opened): Promise<App> {
  const { config, env, logger } = options
  const { clock, chains } = opened
  const configured = (await openSigners(config, env)).map(({ signer }) => signer)
  const signers = [...(options.signers ?? []), ...configured]
  return {
    ...{ config, logger },
    ...opened,
    sights: new Map([...chains.keys()].map((chainId) => [chainId, emptySight(clock.now())])),
    signers: new Map(signers.map((it) => [it.address, it])),
    channels: openChannels({ ...options, clock }),
    playbooks: [],
    names: namesOf(config),
    containing: new Set(),
  }
}

function goOn({ signal }: StartOptions): void {
  if (signal?.aborted !== true) return
  throw new CordonError({
    code: 'app.Interrupted',
    message: 'Starting was interrupted.',
    fix: 'Start again; Cordon has not watched anything yet.',
  })
}

async function watchAll(app: App, shared: Omit<WatchOptions, 'app' | 'chain'>): Promise<void> {
  try {
    await Promise.all([...app.chains.values()].map((chain) => watchOne({ app, chain, ...shared })))
  } catch (thrown) {
    if (!shared.signal.aborted) throw thrown
  }
}

/** `/health` reports that a watcher has ended, for whatever reason. */
async function watchOne(options: WatchOptions): Promise<void> {
  const { app, chain, signal } = options
  const stopped = (reason: string): void => {
    const sight = app.sights.get(chain.chainId)
    if (sight !== undefined && !signal.aborted) sight.stopped = { reason, at: app.clock.now() }
  }
  try {
    await watchChain(options)
    stopped('it came to an end')
  } catch (thrown) {
    stopped(messageOf(thrown))
    throw thrown
  }
}
