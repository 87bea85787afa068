import type { ServedApi } from '../../src/app/serve.ts'
import { serveApi } from '../../src/app/serve.ts'
import { createAssessor } from '../../src/calibrate/assessor.ts'
import { calibrate } from '../../src/calibrate/calibrate.ts'
import { createRpc } from '../../src/chain/rpc/rpc.ts'
import { simulateV1Sequencer } from '../../src/contain/trials/sequence.ts'
import { createEngine } from '../../src/detect/engine/engine.ts'
import { recordAlert } from '../../src/incidents/record-alert.ts'
import { fakeClock } from '../../src/kit/clock.ts'
import type { Logger } from '../../src/kit/logger.ts'
import { silentLogger } from '../../src/kit/logger.ts'
import { configSchema } from '../../src/model/config.ts'
import { emptyVitals } from '../../src/model/vitals.ts'
import { createHub } from '../../src/notify/hub.ts'
import type { App, ChainHandle } from '../../src/respond/context.ts'
import { emptyProtocol } from '../../src/respond/memory/callees.ts'
import { emptySignals } from '../../src/respond/memory/signals.ts'
import { emptySight } from '../../src/respond/sight/sight.ts'
import { listenTimeline } from '../../src/store/listen.ts'
import { closeStore, openStore, type Store } from '../../src/store/store.ts'
import { keepingLogger, readEvents } from './api.ts'
import { aHash, anAddress, anAlert } from './builders.ts'
import { type FreshDatabase, freshDatabase } from './postgres.ts'

export const NOW = 1_700_000_012_000
export const HOSTILE = '<script>alert(1)</script> | **bold** [x](javascript:0)'
export const clock = fakeClock(NOW)

export type Served = {
  database: FreshDatabase
  store: Store
  app: App
  api: ServedApi
  incidentId: string
  /** Every line that the server logged. */
  logged: readonly string[]
  anIncidentOf(n: number): Promise<string>
  authorization(): { authorization: string }
  get(path: string): Promise<Response>
  stream(lastId?: string): Promise<ReturnType<typeof readEvents>>
  close(): Promise<void>
}

/** The API of an app with one incident on record, whose title is hostile, on a real database and a real port. */
export async function openServed(): Promise<Served> {
  const database = await freshDatabase()
  const store = await openStore({ url: database.url, logger: silentLogger })
  const logger = keepingLogger()
  const app = anApp(store, logger)
  const listener = await listenTimeline(store, (entry) => app.hub.tell({ type: 'timeline', ...entry }))
  const incidentId = await anIncidentOf(store, 1)
  const api = await serveApi(app, 0, {})
  const authorization = () => ({ authorization: `Bearer ${api.token}` })
  return {
    ...{ database, store, app, api, incidentId, authorization },
    logged: logger.lines,
    anIncidentOf: (n) => anIncidentOf(store, n),
    get: (path) => fetch(`${api.url}${path}`, { headers: authorization() }),
    async stream(lastId) {
      const headers = { ...authorization(), ...(lastId === undefined ? {} : { 'last-event-id': lastId }) }
      return readEvents(await fetch(`${api.url}/v1/stream`, { headers }))
    },
    async close() {
      await api.stop()
      await listener.stop()
      await closeStore(store)
      await database.drop()
    },
  }
}

function aChain(): ChainHandle {
  const config = configSchema.parse({ chains: [{ chainId: 1, rpcUrls: ['http://127.0.0.1:1'] }] })
  const [chain] = config.chains
  if (chain === undefined) throw new Error('no chain')
  const rpc = createRpc({ urls: chain.rpcUrls })
  return {
    chainId: 1,
    config: chain,
    rpc,
    capabilities: {
      chainId: 1,
      clientVersion: 'none',
      receipts: 'eth_getBlockReceipts',
      traces: 'debug_traceBlockByHash',
      traceLogs: true,
      simulate: true,
      traceCall: true,
      missing: {},
      uncertain: {},
    },
    relays: [],
    sequencer: simulateV1Sequencer(rpc),
    engine: createEngine({ detectors: [], scope: { kind: 'everything' } }),
    assessor: createAssessor(calibrate([], { files: [], budgets: { pageDays: 1, actDays: 1 }, perDay: 1 }), {
      actDays: 1,
      attacksPerYear: 1,
    }),
    operations: new Map(),
    protocol: emptyProtocol(),
    signals: emptySignals(),
    vitals: emptyVitals(),
    labels: new Map(),
  }
}

export function anApp(onStore: Store, logger: Logger = silentLogger): App {
  return {
    config: configSchema.parse({ chains: [{ chainId: 1, rpcUrls: ['http://127.0.0.1:1'] }] }),
    store: onStore,
    clock,
    logger,
    hub: createHub(),
    chains: new Map([[1, aChain()]]),
    signers: new Map(),
    channels: new Map(),
    playbooks: [],
    names: new Map([[anAddress(1), HOSTILE]]),
    sights: new Map([[1, emptySight(clock.now())]]),
    containing: new Set(),
    kind: 'normal',
  }
}

/** The newest block is `head`; the watcher has processed block `number`, which was made `ago` seconds ago. */
export function see(onApp: App, { head, number, ago }: { head: number; number: number; ago: number }): void {
  const vitals = onApp.chains.get(1)?.vitals
  if (vitals === undefined) throw new Error('no chain')
  const block = { timestamp: NOW / 1_000 - ago, at: NOW }
  vitals.head = { number: head, ...block }
  vitals.processed = { number, ...block }
  vitals.blockSeconds = 12
}

async function anIncidentOf(store: Store, n: number): Promise<string> {
  const alert = anAlert({
    fingerprint: `attack-${n}`,
    blockHash: aHash(n),
    transactionHash: aHash(1_000 + n),
  })
  const as = { new: { kind: 'normal' as const, title: HOSTILE }, blockTimestamp: 1_700_000_000 }
  const { incident } = await recordAlert({ store, clock }, alert, as)
  return incident.id
}
