import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { fakeClock } from '../kit/clock.ts'
import { silentLogger } from '../kit/logger.ts'
import { configSchema } from '../model/config.ts'
import { closeStore, openStore, type Store } from '../store/store.ts'
import { type DrillEntry, runSchedule, type ScheduleOptions } from './schedule.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Math.floor(1_700_000_000_000 / DAY) * DAY + 9 * HOUR

const [daily] = configSchema.parse({
  chains: [{ chainId: 1, rpcUrls: ['http://127.0.0.1:1'] }],
  drills: [{ every: '1d', attack: 'oracle' }],
}).drills as [DrillEntry]

let database: FreshDatabase
let store: Store
beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
})
beforeEach(() => sqlOn(database.url, 'TRUNCATE scheduled_drills'))
afterAll(async () => {
  await closeStore(store)
  await database.drop()
})

type Seen = { began: number[]; told: string[] }

/** Lets the schedule run from `from` until `until`, each sleep moving the clock. */
async function watchFrom(from: number, until: number, change: Partial<ScheduleOptions> = {}): Promise<Seen> {
  const clock = fakeClock(from)
  const abort = new AbortController()
  const seen: Seen = { began: [], told: [] }
  const sleep = async (ms: number): Promise<void> => {
    // a minute at most each time: an hour at once is enough here
    clock.advance(ms < 60_000 ? ms : HOUR)
    if (clock.now() >= until) abort.abort()
  }
  await runSchedule({
    drills: [daily],
    store,
    clock: { now: clock.now, sleep },
    logger: silentLogger,
    signal: abort.signal,
    run: async () => {
      seen.began.push(clock.now())
      clock.advance(60_000)
      return { passed: true, detail: 'drill-1: contained' }
    },
    tell: async ({ title }) => seen.told.push(title),
    ...change,
  })
  return seen
}

const turns = () => sqlOn(database.url, 'SELECT outcome, detail FROM scheduled_drills ORDER BY due_at')

test('the first drill is due at once, then one in each turn', async () => {
  const { began, told } = await watchFrom(START, START + 2 * DAY)
  expect(began.map((time) => Math.floor((time - START + 9 * HOUR) / DAY))).toEqual([0, 1, 2])
  expect(told).toEqual([])
  expect((await turns()).map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'passed'])
})

test('a restart in the same turn begins no second drill', async () => {
  await watchFrom(START, START + HOUR)
  expect((await watchFrom(START + 2 * HOUR, START + 4 * HOUR)).began).toEqual([])
})

test('turns in which no Cordon ran are missed, kept, and told to operations', async () => {
  await watchFrom(START, START + HOUR)
  const { began, told } = await watchFrom(START + 4 * DAY, START + 4 * DAY + HOUR)
  expect(began).toHaveLength(1)
  expect(told).toEqual(['DRILL: scheduled drill oracle/none/1d was missed'])
  expect((await turns()).map(({ outcome }) => outcome)).toEqual(['passed', 'missed', 'passed'])
  expect((await turns())[1]?.['detail']).toMatch(/^3 in a row/)
})

test('a drill that fails, or whose process breaks, is on record and told', async () => {
  const run = async (): Promise<never> => Promise.reject(new Error('no anvil here'))
  const { told } = await watchFrom(START, START + HOUR, { run })
  expect(told).toEqual(['DRILL: scheduled drill oracle/none/1d failed'])
  expect(await turns()).toEqual([{ outcome: 'failed', detail: 'no anvil here' }])
})

test('a drill whose Cordon died in the middle of it is told as failed by the next', async () => {
  const dead = new Promise<never>(() => undefined)
  void watchFrom(START, START + HOUR, { run: () => dead })
  await expect.poll(turns).toHaveLength(1)
  const { told, began } = await watchFrom(START + 3 * HOUR, START + 5 * HOUR)
  expect(told).toEqual(['DRILL: scheduled drill oracle/none/1d failed'])
  expect(began, 'its turn is over').toEqual([])
})

test('of two processes with one database one takes each turn', async () => {
  const both = await Promise.all([watchFrom(START, START + DAY), watchFrom(START, START + DAY)])
  expect(both.flatMap(({ began }) => began)).toHaveLength(2)
})
