import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { aHash, anAddress, anAlert } from '../../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../../test/harness/postgres.ts'
import { systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { Alert } from '../../model/alert.ts'
import { emptyVitals } from '../../model/vitals.ts'
import { createHub, type LiveEvent } from '../../notify/hub.ts'
import { findCursor } from '../../store/cursors.ts'
import { listIncidents } from '../../store/incidents.ts'
import { closeStore, openStore, type Store } from '../../store/store.ts'
import type { App, ChainHandle } from '../context.ts'
import { type RecordEntry, startRecorder } from './recorder.ts'

let database: FreshDatabase
let store: Store
let chainId = 100

beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
})
afterAll(async () => {
  await closeStore(store)
  await database.drop()
})
beforeEach(() => {
  chainId++
})

function aRecorder() {
  const hub = createHub()
  const events: LiveEvent[] = []
  hub.listen((event) => events.push(event))
  const shared = { store, hub, clock: systemClock, logger: silentLogger, names: new Map(), kind: 'normal' }
  const app = shared as unknown as App
  const config = { window: 256 } as ChainHandle['config']
  const chain = { chainId, config, vitals: emptyVitals() } as ChainHandle
  const abort = new AbortController()
  const recorder = startRecorder({ app, chain, playbooks: null, onHandPull: () => {}, signal: abort.signal })
  return { recorder, chain, events }
}

function aBlock(number: number, alerts: Partial<Alert>[] = []): RecordEntry {
  const place = { chainId, blockNumber: number, blockHash: aHash(number) }
  return {
    kind: 'judged',
    block: { number, hash: aHash(number) },
    timestamp: 1_700_000_000 + number,
    alerts: alerts.map((change, n) => {
      const id = `${chainId}-${number}-${n}`
      const whom = anAddress(10_000 + chainId * 100 + number * 10 + n)
      return anAlert({
        ...place,
        fingerprint: `attack-${id}`,
        alertHash: `alert-${id}`,
        transactionHash: aHash(chainId * 10_000 + number * 10 + n),
        ...{ protected: [whom], victims: [whom], actors: [whom] },
        ...change,
      })
    }),
    remarks: [],
    traffic: null,
    observed: null,
    seen: null,
  }
}

const processed = async () => (await findCursor(store, chainId))?.processed?.number
const ours = async () => (await listIncidents(store)).filter((incident) => incident.chainId === chainId)

test('many alerts of many blocks are recorded in order, and one sees the incident that another of its batch made', async () => {
  const { recorder, chain } = aRecorder()
  const shared = anAddress(777_000 + chainId)
  await recorder.put(aBlock(1, [{ protected: [shared] }, {}]))
  await recorder.put(aBlock(2, [{ protected: [shared] }]))
  for (let number = 3; number < 40; number++) await recorder.put(aBlock(number, [{}]))
  await recorder.stop()
  expect(await processed()).toBe(39)
  const incidents = await ours()
  expect(incidents).toHaveLength(39)
  expect(incidents.find((incident) => incident.protected.includes(shared))?.transactions).toHaveLength(2)
  expect(chain.vitals.recording).toMatchObject({ waiting: 0 })
})

test('an alert that cannot be recorded stops neither the others of its batch nor the chain, and is told', async () => {
  const { recorder, events } = aRecorder()
  await recorder.put(aBlock(1, [{}]))
  await recorder.put(aBlock(2, [{ categories: ['nul \u0000'] }]))
  await recorder.put(aBlock(3, [{}]))
  await recorder.stop()
  expect(await processed()).toBe(3)
  expect(await ours()).toHaveLength(2)
  expect(events.filter(({ type }) => type === 'notice')).toMatchObject([
    { code: 'not-recorded', message: 'Could not record 1 alerts of block 2; watching continues.' },
  ])
})

test('who hands over more than may wait waits himself, and what waited is recorded in order', async () => {
  const { recorder, chain } = aRecorder()
  const lock = sqlOn(database.url, 'BEGIN; LOCK TABLE cursors; SELECT pg_sleep(3); COMMIT')
  const locks = `SELECT count(*)::int AS n FROM pg_locks WHERE relation = 'cursors'::regclass AND granted
    AND mode = 'AccessExclusiveLock'`
  await expect.poll(async () => (await sqlOn(database.url, locks))[0]).toEqual({ n: 1 })
  let handed = 0
  const handing = (async () => {
    for (let number = 1; number <= 500; number++) {
      await recorder.put(aBlock(number))
      handed = number
    }
  })()
  await expect.poll(() => chain.vitals.recording.waiting).toBeGreaterThan(250)
  expect(handed).toBeLessThan(330)
  await lock
  await handing
  await recorder.stop()
  expect(await processed()).toBe(500)
})
