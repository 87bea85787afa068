import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type ServedApi, serveApi } from '../../../src/app/serve.ts'
import type { RunningApp } from '../../../src/app/start.ts'
import { startApp } from '../../../src/app/start.ts'
import type { Anvil } from '../../../src/chain/sandbox/anvil.ts'
import { type DrillConfiguration, drillConfig } from '../../../src/drills/config.ts'
import type { DrillDeployment } from '../../../src/drills/deployment.ts'
import { systemClock } from '../../../src/kit/clock.ts'
import { messageOf } from '../../../src/kit/error.ts'
import { silentLogger } from '../../../src/kit/logger.ts'
import type { Config } from '../../../src/model/config.ts'
import type { LiveEvent } from '../../../src/notify/hub.ts'
import { createHub } from '../../../src/notify/hub.ts'
import { listAlerts } from '../../../src/store/alerts.ts'
import { listIncidents } from '../../../src/store/incidents.ts'
import { type FreshDatabase, freshDatabase } from '../postgres.ts'
import { type FaultProxy, startFaultProxy } from './proxy.ts'
import type { Attacked } from './run.ts'
import type { FaultCase, Ground } from './table.ts'

/** One cell of the matrix. */
export type Cell = { fault: FaultCase; endpoints: 1 | 2; since: 'running' | 'restarted' }

export type HealthSample = { at: number; status: string; reasons: string }

/** The observations, output and records of a cell's Cordon. */
export type CellOutcome = {
  /** An error where none is allowed; null if there was none. */
  failure: string | null
  /** Milliseconds from the attack's block to the first finding about it; null if there was none. */
  foundAfterMs: number | null
  /** Severities of the findings about the attack. */
  severities: readonly string[]
  /** Findings about the attack that were made more than once. */
  doubles: readonly string[]
  incidents: number
  alertsOfAttack: number
  /** Lines about the source, shortened. */
  notices: readonly string[]
  /** The parts of the trap that are known to be missing when the attack comes. */
  partial: { open: number; givenUp: number } | null
  blind: readonly string[]
  /** Health while the fault was on and could be known; after it was lifted. */
  during: readonly HealthSample[]
  /** Milliseconds from the end of the fault to a health of ok; null if it did not come. */
  healthyAfterMs: number | null
}

export type WatchedCell = {
  cell: Cell
  begin(): Promise<void>
  fail(ground: Ground): Promise<void>
  trapMined(block: number): void
  lift(): Promise<void>
  attacked(attack: Attacked): Promise<void>
  end(): Promise<CellOutcome>
  close(): Promise<void>
}

export type CellScene = { anvil: Anvil; at: DrillDeployment; folder: string; blockSeconds: number }

/** Blocks until a fault of the whole node can be known. */
const GRACE_BLOCKS = 5
const PATIENCE_MS = 30_000
/** How long blindness lasts before it ends, in blocks; and until when the hidden blocks must be judged then. */
const BLIND_BLOCKS = 5
const LATE_MS = 60_000
/** Blocks that are watched before the fault: enough to know that the chain makes them by the clock. */
const BLOCKS_WELL = 8
const SAMPLE_MS = 250

type State = {
  events: { at: number; event: LiveEvent }[]
  samples: HealthSample[]
  running: RunningApp | undefined
  api: ServedApi | undefined
  failure: string | null
  ending: (() => void) | undefined
  faultAt: number
  liftedAt: number | null
  trapBlock: number | null
  attack: Attacked | undefined
  partial: CellOutcome['partial']
  blind: readonly string[]
  starting: Promise<void>
}

/** A Cordon with its own database, behind a node with a fault that is not on yet. */
export async function openCell(cell: Cell, scene: CellScene): Promise<WatchedCell> {
  const database = await freshDatabase()
  const proxy = await startFaultProxy(scene.anvil.url)
  const made = await configOf(cell, scene, proxy)
  const state: State = {
    events: [],
    samples: [],
    running: undefined,
    api: undefined,
    failure: null,
    ending: undefined,
    faultAt: 0,
    liftedAt: null,
    trapBlock: null,
    attack: undefined,
    partial: null,
    blind: [],
    starting: Promise.resolve(),
  }
  const start = (): Promise<void> => startCordon(state, made, database)
  const sampling = new AbortController()
  const sampled = sampleHealth(state, sampling.signal)
  return {
    cell,
    async begin() {
      await start()
      await until(() => state.events.some(({ event }) => event.type === 'block'), PATIENCE_MS)
      await systemClock.sleep(BLOCKS_WELL * scene.blockSeconds * 1_000)
    },
    async fail(ground) {
      if (cell.since === 'restarted') await stopCordon(state)
      state.ending = cell.fault.begin(proxy, ground)
      state.faultAt = systemClock.now()
      // A Cordon that starts while its node is unavailable waits for it: so the test does not.
      if (cell.since === 'restarted')
        state.starting = start().then(() => {
          // It cannot report what it could not have read yet.
          state.faultAt = systemClock.now()
        })
    },
    trapMined(block) {
      state.trapBlock = block
    },
    async lift() {
      if (cell.fault.lasts !== 'lifted' || isCovered(cell)) return
      state.ending?.()
      state.liftedAt = systemClock.now()
    },
    async attacked(attack) {
      state.attack = attack
      if (isSeenLate(cell)) await systemClock.sleep(BLIND_BLOCKS * scene.blockSeconds * 1_000)
      else await until(() => findingsOf(state).length > 0, PATIENCE_MS)
      const chain = [...(state.running?.app.chains.values() ?? [])][0]
      state.partial = chain === undefined ? null : { ...chain.vitals.partial }
      state.blind = [...(chain?.vitals.blindDetectors.keys() ?? [])]
      if (!isSeenLate(cell)) return
      state.ending?.()
      state.liftedAt = systemClock.now()
      await until(() => findingsOf(state).length > 0, LATE_MS)
    },
    end: () => outcomeOf(state, scene.blockSeconds),
    async close() {
      sampling.abort()
      await sampled
      state.ending?.()
      await Promise.race([state.starting, systemClock.sleep(PATIENCE_MS)])
      await stopCordon(state)
      await proxy.stop()
      await database.drop()
    },
  }
}

/** Calls that only traces show cannot be seen without traces: they are judged when traces return. */
export const isSeenLate = ({ fault, endpoints }: Cell): boolean => fault.hides === 'traces' && endpoints === 1

/** A second endpoint is healthy: the first may fail for any time. */
const isCovered = ({ endpoints }: Cell): boolean => endpoints === 2

async function configOf(cell: Cell, scene: CellScene, proxy: FaultProxy): Promise<DrillConfiguration> {
  const { anvil, at, folder } = scene
  const dataDir = join(folder, `${cell.fault.id} ${cell.endpoints} ${cell.since}`.replaceAll(/\W+/g, '-'))
  await mkdir(dataDir, { recursive: true })
  const made = await drillConfig({
    deployment: at,
    rpcUrl: anvil.url,
    dataDir,
    apiPort: 0,
    respond: false,
    mempool: false,
    now: Math.floor(systemClock.now() / 1_000),
  })
  const url = cell.fault.transport === 'ws' ? proxy.wsUrl : proxy.url
  const rpcUrls = cell.endpoints === 2 ? [url, anvil.url] : [url]
  const chains = made.config.chains.map((chain) => ({ ...chain, rpcUrls, pollMs: 200 }))
  const config: Config = { ...made.config, chains }
  return { ...made, config }
}

async function startCordon(state: State, made: DrillConfiguration, database: FreshDatabase): Promise<void> {
  const hub = createHub()
  hub.listen((event) => state.events.push({ at: systemClock.now(), event }))
  const env = { DATABASE_URL: database.url }
  try {
    state.running = await startApp({ ...made, env, logger: silentLogger, hub, write: () => {} })
    state.running.watching.catch((thrown) => {
      state.failure ??= `watching ended: ${messageOf(thrown)}`
    })
    state.api = await serveApi(state.running.app, 0, {})
  } catch (thrown) {
    state.failure ??= `did not start: ${messageOf(thrown)}`
  }
}

async function stopCordon(state: State): Promise<void> {
  const { api, running } = state
  state.api = undefined
  state.running = undefined
  await api?.stop()
  await running?.stop()
}

const healthSchema = z.looseObject({ status: z.string(), reasons: z.unknown().optional() })

/** Like a monitor: over HTTP, without a token. */
async function sampleHealth(state: State, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const at = systemClock.now()
    const response = await fetch(`${state.api?.url ?? 'http://127.0.0.1:1'}/health`).catch(() => undefined)
    if (response !== undefined) {
      const parsed = healthSchema.safeParse(await response.json().catch(() => null))
      if (parsed.success)
        state.samples.push({
          at,
          status: parsed.data.status,
          reasons: JSON.stringify(parsed.data.reasons ?? ''),
        })
    }
    await systemClock.sleep(SAMPLE_MS, signal)
  }
}

type Found = { at: number; key: string; severity: string }

function findingsOf({ events, attack }: State): readonly Found[] {
  return events.flatMap(({ at, event }) =>
    event.type === 'finding' && event.transactionHash === attack?.hash
      ? [
          {
            at,
            key: `${event.detector} ${event.fingerprint} ${event.blockHash ?? ''}`,
            severity: event.severity,
          },
        ]
      : [],
  )
}

async function outcomeOf(state: State, blockSeconds: number): Promise<CellOutcome> {
  // Three more blocks: a second judgement happens in them.
  await systemClock.sleep(3_000 * blockSeconds)
  if (state.liftedAt !== null) await until(() => healthyAfter(state) !== null, PATIENCE_MS)
  const findings = findingsOf(state)
  const keys = findings.map(({ key }) => key)
  const records = await recordOf(state)
  const [first] = findings
  return {
    failure: state.failure,
    foundAfterMs: first === undefined || state.attack === undefined ? null : first.at - state.attack.minedAt,
    severities: [...new Set(findings.map(({ severity }) => severity))],
    doubles: keys.filter((key, i) => keys.indexOf(key) !== i),
    ...records,
    notices: state.events.flatMap(({ event }) => noticeOf(event)),
    partial: state.partial,
    blind: state.blind,
    during: duringFault(state, blockSeconds),
    healthyAfterMs: healthyAfter(state),
  }
}

/** From the end of the fault to the first health of ok. */
function healthyAfter({ samples, liftedAt }: State): number | null {
  if (liftedAt === null) return null
  const well = samples.find(({ at, status }) => at > liftedAt && status === 'ok')
  return well === undefined ? null : well.at - liftedAt
}

async function recordOf({ running, attack }: State): Promise<{ incidents: number; alertsOfAttack: number }> {
  if (running === undefined) return { incidents: 0, alertsOfAttack: 0 }
  const { store } = running.app
  const incidents = await listIncidents(store)
  const alerts = await Promise.all(incidents.map(({ id }) => listAlerts(store, id)))
  const ofAttack = alerts.map((list) =>
    list.filter(({ alert, withdrawnAt }) => withdrawnAt === null && alert.transactionHash === attack?.hash),
  )
  return {
    incidents: ofAttack.filter((list) => list.length > 0).length,
    alertsOfAttack: ofAttack.flat().length,
  }
}

function noticeOf(event: LiveEvent): string[] {
  switch (event.type) {
    case 'notice':
      return [`${event.code}: ${event.message}`]
    case 'blind':
      return [`blind: ${event.detector}`]
    case 'reorg':
      return [`reorg: ${event.removed}`]
    default:
      return []
  }
}

/** From the time when it could be known to the time when it was over, or the attack was found. */
function duringFault(state: State, blockSeconds: number): readonly HealthSample[] {
  const from = state.faultAt + GRACE_BLOCKS * blockSeconds * 1_000
  const to = state.liftedAt ?? state.attack?.minedAt ?? Number.POSITIVE_INFINITY
  return state.samples.filter(({ at }) => at >= from && at < to)
}

async function until(isTrue: () => boolean, withinMs: number): Promise<void> {
  const deadline = systemClock.now() + withinMs
  while (!isTrue() && systemClock.now() < deadline) await systemClock.sleep(25)
}
