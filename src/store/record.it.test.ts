import { afterAll, beforeAll, expect, test } from 'vitest'
import { aHash, anAddress, anAlert, aPlan } from '../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase, killSessions, sqlOn } from '../../test/harness/postgres.ts'
import { CordonError } from '../kit/error.ts'
import { silentLogger } from '../kit/logger.ts'
import type { Broadcast } from '../model/containment.ts'
import type { Incident } from '../model/incident.ts'
import type { TimelineEntry } from '../model/timeline.ts'
import { insertAlerts, listAlerts } from './alerts.ts'
import { findBroadcast, insertBroadcast, listOpenBroadcasts, moveBroadcast, nextNonce } from './broadcasts.ts'
import { findCursor, setFinalized, setProcessed } from './cursors.ts'
import { insertEvidence } from './evidence.ts'
import { insertFindings, listFindings } from './findings.ts'
import { findIncident, insertIncidents, listIncidents, recordSize } from './incidents.ts'
import { listenTimeline } from './listen.ts'
import { holdLock } from './locks.ts'
import { migrations } from './migrations.ts'
import {
  claimDue,
  findNotification,
  listQueuedNotifications,
  queueNotification,
  settleNotification,
} from './notifications.ts'
import {
  findPlan,
  insertPlan,
  insertSimulation,
  insertVerification,
  listPlans,
  listSimulations,
  listVerifications,
} from './plans.ts'
import { closeStore, openStore, type Store, transaction } from './store.ts'
import { appendTimeline, findTimelineEntry, listTimeline } from './timeline.ts'

let database: FreshDatabase
let store: Store
let made = 0

beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
})
afterAll(async () => {
  await closeStore(store)
  await database.drop()
})

async function anIncident(changes: Partial<Incident> = {}): Promise<string> {
  const id = `incident-${++made}`
  await insertIncidents(store, [
    {
      type: 'incident',
      id,
      kind: 'normal',
      state: 'open',
      title: 'Vault drained',
      chainId: 1,
      severity: 'high',
      categories: ['reentrancy'],
      protected: [anAddress(1)],
      victims: [],
      actors: [],
      transactions: [aHash(1)],
      startedAt: 1_700_000_000_000,
      discoveredAt: 1_700_000_012_000 + made,
      foundLate: false,
      ...changes,
    },
  ])
  return id
}

const entry = (incidentId: string, message = 'something'): Omit<TimelineEntry, 'sequence'> => ({
  incidentId,
  kind: 'note',
  eventTime: 1,
  discoveryTime: 2,
  author: 'cordon',
  message,
  facts: {},
})

async function aPlanned(id: string): Promise<string> {
  await insertPlan(store, aPlan({ id, incidentId: await anIncident() }))
  return id
}

const aBroadcast = (planId: string, nonce: number): Broadcast => ({
  planId,
  chainId: 1,
  from: anAddress(9),
  nonce,
  rawTransaction: `0x02f8${nonce.toString(16).padStart(4, '0')}`,
  transactionHash: aHash(1_000 + nonce),
  state: 'signed',
  blockNumber: null,
  blockHash: null,
})

test('an incident comes back as it was written', async () => {
  const id = await anIncident({ title: 'quoted "title"', startedAt: null })
  expect(await findIncident(store, id)).toMatchObject({
    id,
    title: 'quoted "title"',
    startedAt: null,
    chainId: 1,
  })
  expect(await findIncident(store, 'nobody')).toBeUndefined()
})

test('incidents are listed by state and by severity', async () => {
  const low = await anIncident({ severity: 'low', state: 'stable' })
  const critical = await anIncident({ severity: 'critical', state: 'stable' })
  const stable = await listIncidents(store, { states: ['stable'] })
  expect(stable.map(({ id }) => id)).toEqual([critical, low])
  const grave = await listIncidents(store, { states: ['stable'], minSeverity: 'high' })
  expect(grave.map(({ id }) => id)).toEqual([critical])
})

test('an alert with text from hell comes back exactly, wei included', async () => {
  const incidentId = await anIncident()
  const alert = anAlert({ message: 'nul \u0000, lone \ud800, quote " and \\u0000' })
  await insertAlerts(store, [{ incidentId, alert, recordedAt: 5 }])
  await insertAlerts(store, [{ incidentId, alert, recordedAt: 6 }])
  await insertFindings(store, [{ incidentId, alert }])
  expect(await listAlerts(store, incidentId)).toEqual([
    { incidentId, recordedAt: 5, withdrawnAt: null, alert },
  ])
  expect(await listFindings(store, incidentId)).toEqual(alert.findings)
})

test.each([
  'UPDATE timeline SET message = $$x$$',
  'DELETE FROM timeline',
  'TRUNCATE timeline',
  'UPDATE evidence SET body = $$x$$',
  'DELETE FROM evidence',
  'TRUNCATE evidence',
])('the record refuses %s', async (sql) => {
  await appendTimeline(store, entry(await anIncident()))
  await expect(sqlOn(database.url, sql)).rejects.toThrow(/append-only/)
})

test('fifty appends at once leave no gap, and a rolled back one leaves none either', async () => {
  const incidentId = await anIncident()
  const failing = transaction(store, async (tx) => {
    await appendTimeline(tx, entry(incidentId))
    throw new Error('changed my mind')
  })
  const appends = Array.from({ length: 50 }, (_, n) => appendTimeline(store, entry(incidentId, `entry ${n}`)))
  await expect(failing).rejects.toThrow('changed my mind')
  await Promise.all(appends)
  const sequences = (await listTimeline(store, incidentId)).map(({ sequence }) => sequence)
  expect(sequences).toEqual(Array.from({ length: 50 }, (_, n) => n + 1))
  expect(await recordSize(store, incidentId)).toMatchObject({ timelineCount: 50 })
  expect(await findTimelineEntry(store, incidentId, 50)).toMatchObject({ sequence: 50 })
})

test('evidence that does not extend its chain is refused', async () => {
  const incidentId = await anIncident()
  const link = { incidentId, sequence: 1, kind: 'finding', recordedAt: 1, body: {}, hash: 'a'.repeat(64) }
  await expect(insertEvidence(store, [{ ...link, previous: 'b'.repeat(64) }])).rejects.toThrow(
    /does not extend/,
  )
  await expect(insertEvidence(store, [{ ...link, sequence: 2, previous: '0'.repeat(64) }])).rejects.toThrow(
    /does not extend/,
  )
})

test('a plan, its simulations and verifications are kept; the same again is kept once', async () => {
  const plan = aPlan({ id: 'plan-kept', incidentId: await anIncident() })
  expect([await insertPlan(store, plan), await insertPlan(store, plan)]).toEqual([true, false])
  expect(await findPlan(store, plan.id)).toEqual(plan)
  expect(await listPlans(store, plan.incidentId)).toEqual([plan])
  const simulation = {
    planId: plan.id,
    method: 'eth_simulateV1' as const,
    atBlock: 100,
    leverSucceeded: true,
    gasUsed: 45_000,
    attack: 'stopped' as const,
    losses: [],
    opEffects: { '0x2e1a7d4d': 'blocked' as const },
    stateDiff: null,
    blastRadius: null,
    asymmetry: null,
    notes: [],
  }
  await insertSimulation(store, simulation)
  await insertSimulation(store, simulation)
  expect(await listSimulations(store, plan.id)).toEqual([simulation])
  const verification = { planId: plan.id, atBlock: 101, verified: true, checks: [] }
  await insertVerification(store, verification)
  await insertVerification(store, { ...verification, atBlock: 102 })
  expect(await listVerifications(store, plan.id)).toEqual([verification, { ...verification, atBlock: 102 }])
})

test('a second broadcast for a plan gives back the first, even when ten come at once', async () => {
  const planId = await aPlanned('plan-ten')
  const tries = await Promise.all(
    Array.from({ length: 10 }, (_, n) => insertBroadcast(store, aBroadcast(planId, 10 + n))),
  )
  expect(tries.filter(({ created }) => created)).toHaveLength(1)
  expect(new Set(tries.map(({ broadcast }) => broadcast.rawTransaction)).size).toBe(1)
})

test('two plans cannot sign with one nonce', async () => {
  await insertBroadcast(store, aBroadcast(await aPlanned('plan-a'), 50))
  const second = insertBroadcast(store, aBroadcast(await aPlanned('plan-b'), 50))
  await expect(second).rejects.toMatchObject({ code: 'store.NonceTaken', retryable: true })
  expect(await nextNonce(store, { chainId: 1, from: anAddress(9) }, 47)).toBe(51)
  expect(await nextNonce(store, { chainId: 1, from: anAddress(8) }, 7)).toBe(7)
})

test('a nonce that a lying count gave blocks none after it; what is known to be mined is never given again', async () => {
  const from = anAddress(31)
  const planned = async (id: string, nonce: number) => ({
    ...aBroadcast(await aPlanned(id), nonce),
    from,
    transactionHash: aHash(3_000 + nonce),
  })
  await insertBroadcast(store, await planned('plan-far', 900))
  await insertBroadcast(store, await planned('plan-near', 5))
  expect(await nextNonce(store, { chainId: 1, from }, 5)).toBe(6)
  await moveBroadcast(store, { planId: 'plan-near', to: 'sent' })
  const block = { number: 105, hash: aHash(105) }
  await moveBroadcast(store, { planId: 'plan-near', to: 'mined', block })
  expect(await nextNonce(store, { chainId: 1, from }, 0)).toBe(6)
})

test('the nonce of an abandoned transaction is free again', async () => {
  const planId = await aPlanned('plan-abandoned')
  await insertBroadcast(store, aBroadcast(planId, 60))
  await moveBroadcast(store, { planId, to: 'abandoned' })
  const again = { ...aBroadcast(await aPlanned('plan-again'), 60), transactionHash: aHash(77) }
  expect(await insertBroadcast(store, again)).toMatchObject({ created: true })
})

test('a broadcast moves only along its states, and its bytes never change', async () => {
  const planId = await aPlanned('plan-moves')
  await insertBroadcast(store, aBroadcast(planId, 70))
  const jump = moveBroadcast(store, { planId, to: 'mined' })
  await expect(jump).rejects.toMatchObject({ code: 'store.ForbiddenMove' })
  await moveBroadcast(store, { planId, to: 'sent' })
  expect((await listOpenBroadcasts(store)).map((open) => open.planId)).toContain(planId)
  const block = { number: 105, hash: aHash(105) }
  await moveBroadcast(store, { planId, to: 'mined', block })
  expect(await findBroadcast(store, planId)).toMatchObject({ state: 'mined', blockNumber: 105 })
  await moveBroadcast(store, { planId, to: 'sent' })
  expect(await findBroadcast(store, planId)).toMatchObject({ state: 'sent', blockNumber: null })
  const tampering = [
    `UPDATE broadcasts SET raw_transaction = '0x' WHERE plan_id = '${planId}'`,
    `UPDATE broadcasts SET state = 'signed' WHERE plan_id = '${planId}'`,
    'DELETE FROM broadcasts',
  ]
  for (const sql of tampering) await expect(sqlOn(database.url, sql)).rejects.toThrow(/may not|append-only/)
})

test('a cursor may go back, finality may not', async () => {
  expect(await findCursor(store, 5)).toBeUndefined()
  await setProcessed(store, 5, { number: 20, hash: aHash(20) })
  await setProcessed(store, 5, { number: 18, hash: aHash(18) })
  await setFinalized(store, 5, { number: 10, hash: aHash(10) })
  await setFinalized(store, 5, { number: 9, hash: aHash(9) })
  expect(await findCursor(store, 5)).toMatchObject({
    chainId: 5,
    processed: { number: 18, hash: aHash(18) },
    finalized: { number: 10, hash: aHash(10) },
  })
})

test('a notification is queued once and delivered once', async () => {
  const notification = {
    id: 'n-1',
    incidentId: await anIncident(),
    kind: 'page',
    roles: ['guardian' as const],
    recipients: ['Ada'],
    severity: 'critical' as const,
    title: 'Pause now',
    body: '',
    at: 3,
    facts: {},
  }
  const lease = { leaseUntil: 60 }
  expect([
    await queueNotification(store, notification, lease),
    await queueNotification(store, notification, lease),
  ]).toMatchObject([{ isNew: true }, { isNew: false }])
  expect(await listQueuedNotifications(store)).toMatchObject([{ attempts: 0, nextAt: 60 }])
  const missed = { at: 4, error: 'no answer', missed: ['hook'], nextAt: 70 }
  await settleNotification(store, 'n-1', { state: 'failed', ...missed })
  expect(await claimDue(store, { now: 69, leaseUntil: 99, most: 9 })).toEqual([])
  const claims = await Promise.all([1, 2, 3].map(() => claimDue(store, { now: 70, leaseUntil: 99, most: 9 })))
  expect(claims.flat()).toMatchObject([{ notification, missed: ['hook'], attempts: 1 }])
  await settleNotification(store, 'n-1', {
    state: 'delivered',
    at: 71,
    error: null,
    missed: [],
    nextAt: null,
  })
  await settleNotification(store, 'n-1', { state: 'failed', ...missed })
  expect(await findNotification(store, 'n-1')).toMatchObject({
    state: 'delivered',
    settledAt: 71,
    notification,
  })
})

test('a listener is told every entry once and in order, over a lost connection too', async () => {
  const incidentId = await anIncident()
  const told: string[] = []
  const listener = await listenTimeline(store, (heard) => {
    if (heard.incidentId === incidentId) told.push(heard.message)
  })
  const expected = Array.from({ length: 40 }, (_, n) => `entry ${n}`)
  for (const message of expected.slice(0, 20)) await appendTimeline(store, entry(incidentId, message))
  await killSessions(database)
  for (const message of expected.slice(20)) await appendTimeline(store, entry(incidentId, message))
  await expect.poll(() => told.length).toBe(40)
  expect(told).toEqual(expected)
  await listener.stop()
})

test('a lost connection does not lose or double what is written', async () => {
  const incidentId = await anIncident()
  const writing = Array.from({ length: 60 }, async (_, n) => {
    const alert = anAlert({ fingerprint: `attack-${n}` })
    await transaction(store, (tx) => insertAlerts(tx, [{ incidentId, alert, recordedAt: n }]), {
      idempotent: true,
    })
  })
  await killSessions(database)
  await killSessions(database)
  await Promise.all(writing)
  expect(await listAlerts(store, incidentId)).toHaveLength(60)
})

test('a lock has one holder and is free when its holder is gone', async () => {
  const lock = await holdLock(store, 'chain-1')
  expect(lock?.held()).toBe(true)
  expect(await holdLock(store, 'chain-1')).toBeUndefined()
  await killSessions(database)
  await expect.poll(() => lock?.held()).toBe(false)
  const next = await holdLock(store, 'chain-1')
  expect(next?.held()).toBe(true)
  await next?.release()
})

test('two processes that open a new database at once migrate it once', async () => {
  const fresh = await freshDatabase()
  const open = () => openStore({ url: fresh.url, logger: silentLogger })
  const stores = await Promise.all([open(), open(), open()])
  const done = await sqlOn(fresh.url, 'SELECT id FROM cordon_migrations ORDER BY id')
  expect(done).toEqual(migrations.map(({ id }) => ({ id })).sort((a, b) => a.id - b.id))
  await Promise.all(stores.map(closeStore))
  await sqlOn(fresh.url, `INSERT INTO cordon_migrations (id, name) VALUES (9999, 'from the future')`)
  await expect(open()).rejects.toMatchObject({ code: 'store.NewerDatabase' })
  await fresh.drop()
})

test('a database that is not there says so, without the password', async () => {
  const url = 'postgresql://cordon:hunter2secret@127.0.0.1:1/cordon'
  const failure = await openStore({ url, logger: silentLogger, patienceMs: 0 }).catch(
    (thrown: unknown) => thrown,
  )
  expect(failure).toBeInstanceOf(CordonError)
  expect(String(failure)).toMatchInlineSnapshot(`
    "store.Unreachable: The database does not answer.
      database: postgresql://127.0.0.1:1/[redacted]
      because: connect ECONNREFUSED 127.0.0.1:1
    Fix: Check that PostgreSQL runs and that DATABASE_URL names the right host, port, user and database."
  `)
})
