import { afterAll, beforeAll, expect, test } from 'vitest'
import { aFinding, aHash, anAddress, anAlert, aPlan } from '../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase, killSessions, sqlOn } from '../../test/harness/postgres.ts'
import { fakeClock } from '../kit/clock.ts'
import { silentLogger } from '../kit/logger.ts'
import type { Alert } from '../model/alert.ts'
import { listAlerts } from '../store/alerts.ts'
import { insertBroadcast } from '../store/broadcasts.ts'
import { listEvidence } from '../store/evidence.ts'
import { listFindings } from '../store/findings.ts'
import { insertPlan } from '../store/plans.ts'
import { closeStore, openStore } from '../store/store.ts'
import { listTimeline } from '../store/timeline.ts'
import { findVerdict, listJudgedAlerts } from '../store/verdicts.ts'
import { type IncidentContext, note } from './context.ts'
import { appendEvidence, evidenceHead, verifyEvidence } from './ledger.ts'
import { getIncident, listActive, moveIncident } from './move.ts'
import { recordAlert } from './record-alert.ts'
import { giveVerdict } from './verdict.ts'
import { withdrawBlocks } from './withdraw-blocks.ts'

const NOW = 1_700_000_012_000
const BLOCK_TIME = 1_700_000_000

let database: FreshDatabase
let context: IncidentContext
let attacks = 0

beforeAll(async () => {
  database = await freshDatabase()
  const store = await openStore({ url: database.url, logger: silentLogger })
  context = { store, clock: fakeClock(NOW) }
})
afterAll(async () => {
  await closeStore(context.store)
  await database.drop()
})

/** An attack nobody has seen, in a block of its own. */
function aNewAlert(changes: Partial<Alert> = {}): Alert {
  const n = 1_000 + ++attacks
  return anAlert({
    fingerprint: `attack-${n}`,
    blockNumber: n,
    blockHash: aHash(n),
    transactionHash: aHash(500_000 + n),
    ...changes,
  })
}

const asNew = { new: { kind: 'normal' as const, title: 'Vault drained' }, blockTimestamp: BLOCK_TIME }
const blockOf = (alert: Alert) => ({ number: alert.blockNumber, hash: alert.blockHash })
const kindsOf = async (id: string) => (await listTimeline(context.store, id)).map(({ kind }) => kind)

test('an alert makes an incident with timeline, findings and evidence', async () => {
  const alert = aNewAlert()
  const { incident, created, duplicate } = await recordAlert(context, alert, asNew)
  expect({ created, duplicate }).toEqual({ created: true, duplicate: false })
  expect(await getIncident(context, incident.id)).toEqual(incident)
  expect(incident).toMatchObject({
    state: 'open',
    severity: 'high',
    transactions: [alert.transactionHash],
    startedAt: BLOCK_TIME * 1_000,
    discoveredAt: NOW,
  })
  expect(await listTimeline(context.store, incident.id)).toMatchObject([
    { sequence: 1, kind: 'alert', eventTime: BLOCK_TIME * 1_000, discoveryTime: NOW, author: 'cordon' },
  ])
  expect(await listFindings(context.store, incident.id)).toEqual(alert.findings)
  expect(await listEvidence(context.store, incident.id)).toMatchObject([{ kind: 'finding', sequence: 1 }])
  expect(await verifyEvidence(context, incident.id)).toMatchObject({ ok: true, count: 1 })
})

test('the same alert again writes nothing', async () => {
  const alert = aNewAlert()
  const first = await recordAlert(context, alert, asNew)
  const second = await recordAlert(context, alert, asNew)
  const third = await recordAlert(context, alert, { incidentId: first.incident.id })
  expect([second, third]).toMatchObject([
    { created: false, duplicate: true, incident: { id: first.incident.id } },
    { created: false, duplicate: true, incident: { id: first.incident.id } },
  ])
  expect(await kindsOf(first.incident.id)).toEqual(['alert'])
})

test('ten processes that see one attack at once make one incident', async () => {
  const alert = aNewAlert()
  const all = await Promise.all(Array.from({ length: 10 }, () => recordAlert(context, alert, asNew)))
  expect(new Set(all.map(({ incident }) => incident.id)).size).toBe(1)
  expect(all.filter(({ created }) => created)).toHaveLength(1)
})

test('a drill never joins a real incident', async () => {
  const alert = aNewAlert()
  const real = await recordAlert(context, alert, asNew)
  const drill = await recordAlert(context, alert, { new: { kind: 'drill', title: 'Drill' } })
  expect(drill.created).toBe(true)
  expect(drill.incident.id).not.toBe(real.incident.id)
})

test('a joining alert raises the severity and adds what it knows', async () => {
  const { incident } = await recordAlert(context, aNewAlert({ severity: 'high' }), asNew)
  const joining = aNewAlert({ severity: 'critical', categories: ['oracle'], actors: [anAddress(67)] })
  const later = { incidentId: incident.id, blockTimestamp: BLOCK_TIME - 60 }
  const { incident: merged } = await recordAlert(context, joining, later)
  expect(merged).toMatchObject({
    severity: 'critical',
    categories: ['reentrancy', 'oracle'],
    actors: [anAddress(66), anAddress(67)],
    startedAt: (BLOCK_TIME - 60) * 1_000,
  })
  const { incident: still } = await recordAlert(context, aNewAlert({ severity: 'low' }), {
    incidentId: incident.id,
  })
  expect(still.severity).toBe('critical')
})

test('an alert that cannot be written whole is not written at all', async () => {
  const { incident } = await recordAlert(context, aNewAlert(), asNew)
  const before = await kindsOf(incident.id)
  const unwritable = aFinding({ detector: 'nul\u0000' })
  const failing = recordAlert(context, aNewAlert({ findings: [unwritable] }), { incidentId: incident.id })
  await expect(failing).rejects.toThrow()
  expect(await kindsOf(incident.id)).toEqual(before)
  expect(await listAlerts(context.store, incident.id)).toHaveLength(1)
})

test('escape sequences in chain text never reach the timeline', async () => {
  const alert = aNewAlert({ message: 'token \u001b[31mSAFE\u202e name' })
  const { incident } = await recordAlert(context, alert, {
    ...asNew,
    new: { kind: 'normal', title: '\u001b]0;' },
  })
  const [entry] = await listTimeline(context.store, incident.id)
  expect(entry?.message).toContain('token ·[31mSAFE· name')
  expect(incident.title).toBe('·]0;')
})

test('a reorged block withdraws its incident when nobody has acted', async () => {
  const alert = aNewAlert()
  const { incident } = await recordAlert(context, alert, asNew)
  const withdrawals = await withdrawBlocks(context, 1, [blockOf(alert)])
  expect(withdrawals).toMatchObject([{ outcome: 'withdrawn', alerts: 1, incident: { state: 'withdrawn' } }])
  expect(await withdrawBlocks(context, 1, [blockOf(alert)])).toEqual([])
  expect(await kindsOf(incident.id)).toEqual(['alert', 'withdrawn', 'state'])
})

test('a block of the same hash on another chain withdraws nothing', async () => {
  const alert = aNewAlert()
  await recordAlert(context, alert, asNew)
  expect(await withdrawBlocks(context, 10, [blockOf(alert)])).toEqual([])
  expect(await withdrawBlocks(context, 1, [{ number: alert.blockNumber, hash: null }])).toEqual([])
})

test('an incident with another standing alert stays open after a reorg', async () => {
  const [gone, stays] = [aNewAlert(), aNewAlert()]
  const { incident } = await recordAlert(context, gone, asNew)
  await recordAlert(context, stays, { incidentId: incident.id })
  const withdrawals = await withdrawBlocks(context, 1, [blockOf(gone)])
  expect(withdrawals).toMatchObject([{ outcome: 'still-standing', incident: { state: 'open' } }])
})

test('an incident with a broadcast is not withdrawn: the timeline says that an action was taken', async () => {
  const alert = aNewAlert()
  const { incident } = await recordAlert(context, alert, asNew)
  await insertPlan(context.store, aPlan({ id: 'plan-acted', incidentId: incident.id }))
  await insertBroadcast(context.store, {
    planId: 'plan-acted',
    chainId: 1,
    from: anAddress(9),
    nonce: 1,
    rawTransaction: '0x02',
    transactionHash: aHash(9_000),
    state: 'signed',
    blockNumber: null,
    blockHash: null,
  })
  const withdrawals = await withdrawBlocks(context, 1, [blockOf(alert)])
  expect(withdrawals).toMatchObject([{ outcome: 'action-taken', incident: { state: 'open' } }])
  const timeline = await listTimeline(context.store, incident.id)
  expect(timeline.at(-1)?.message).toContain('an action was already taken')
})

test('the same attack in the new chain revives a withdrawn incident', async () => {
  const alert = aNewAlert()
  const { incident } = await recordAlert(context, alert, asNew)
  await withdrawBlocks(context, 1, [blockOf(alert)])
  const again = aNewAlert({ fingerprint: alert.fingerprint, transactionHash: alert.transactionHash })
  const revived = await recordAlert(context, again, asNew)
  expect(revived).toMatchObject({ created: false, duplicate: false, reopened: true })
  expect(revived.incident).toMatchObject({ id: incident.id, state: 'open' })
  const timeline = await listTimeline(context.store, incident.id)
  expect(timeline.map(({ kind }) => kind)).toEqual(['alert', 'withdrawn', 'state', 'alert', 'state'])
  expect(timeline[3]?.message).toContain('After a reorg the attack is back')
})

test('a chain that flips back to the first block revives the very same alert', async () => {
  const alert = aNewAlert()
  const { incident } = await recordAlert(context, alert, asNew)
  await withdrawBlocks(context, 1, [blockOf(alert)])
  expect(await recordAlert(context, alert, asNew)).toMatchObject({ duplicate: false, reopened: true })
  expect(await listAlerts(context.store, incident.id)).toMatchObject([{ withdrawnAt: null }])
  expect(await verifyEvidence(context, incident.id)).toMatchObject({ ok: true, count: 1 })
})

test('a pending alert does not keep alive what was mined and reorged away', async () => {
  const mined = aNewAlert()
  const pending = aNewAlert({ fingerprint: mined.fingerprint, pending: true, blockHash: null })
  const { incident } = await recordAlert(context, pending, asNew)
  await recordAlert(context, mined, asNew)
  expect(await withdrawBlocks(context, 1, [blockOf(mined)])).toMatchObject([{ outcome: 'withdrawn' }])
  const back = await recordAlert(context, pending, asNew)
  expect(back).toMatchObject({ reopened: true, incident: { id: incident.id } })
})

test('a contained incident opens again for a new attack, not for the one it knows', async () => {
  const alert = aNewAlert()
  const { incident } = await recordAlert(context, alert, asNew)
  await moveIncident(context, {
    incidentId: incident.id,
    to: 'contained',
    author: 'guardian',
    reason: 'paused',
  })
  const remined = aNewAlert({ fingerprint: alert.fingerprint })
  const known = await recordAlert(context, remined, { incidentId: incident.id })
  expect(known).toMatchObject({ reopened: false, incident: { state: 'contained' } })
  const fresh = await recordAlert(context, aNewAlert(), { incidentId: incident.id })
  expect(fresh).toMatchObject({ reopened: true, incident: { state: 'open' } })
})

test('an incident moves only along its states', async () => {
  const { incident } = await recordAlert(context, aNewAlert(), asNew)
  const move = { incidentId: incident.id, author: 'Ada', reason: 'all quiet' }
  expect(await listActive(context)).toContainEqual(incident)
  await moveIncident(context, { ...move, to: 'closed' })
  expect((await listActive(context)).map(({ id }) => id)).not.toContain(incident.id)
  const failure = await moveIncident(context, { ...move, to: 'open' }).catch((thrown: unknown) => thrown)
  expect(String(failure).replace(incident.id, '<id>')).toMatchInlineSnapshot(`
    "incidents.ForbiddenTransition: An incident that is closed cannot become open.
      incidentId: <id>
      from: closed
      to: open
      allowed: []
    Fix: A closed incident stays closed: open a new one and refer to this one in a note."
  `)
})

test('what concerns an unknown incident is refused', async () => {
  const missing = { code: 'incidents.UnknownIncident' }
  await expect(getIncident(context, 'inc-0')).rejects.toMatchObject(missing)
  await expect(verifyEvidence(context, 'inc-0')).rejects.toMatchObject(missing)
  await expect(recordAlert(context, aNewAlert(), { incidentId: 'inc-0' })).rejects.toMatchObject(missing)
})

test('a note has its author and its own time', async () => {
  const { incident } = await recordAlert(context, aNewAlert(), asNew)
  const written = await note(context, {
    incidentId: incident.id,
    kind: 'note',
    author: 'Ada',
    message: 'called the exchange',
    eventTime: NOW - 5_000,
  })
  expect(written).toMatchObject({ sequence: 2, author: 'Ada', eventTime: NOW - 5_000, discoveryTime: NOW })
})

test('evidence appended at once makes one whole chain', async () => {
  const { incident } = await recordAlert(context, aNewAlert(), asNew)
  const append = (n: number) =>
    appendEvidence(context, { incidentId: incident.id, kind: 'note', body: { n, wei: 10n ** 30n } })
  await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)))
  const verdict = await verifyEvidence(context, incident.id)
  expect(verdict).toMatchObject({ ok: true, count: 21 })
  expect(await evidenceHead(context, incident.id)).toEqual({ count: 21, head: verdict.head })
})

test('evidence changed behind the triggers is found, and so is a tail cut off', async () => {
  const { incident } = await recordAlert(context, aNewAlert(), asNew)
  await appendEvidence(context, { incidentId: incident.id, kind: 'note', body: { gas: 1 } })
  await appendEvidence(context, { incidentId: incident.id, kind: 'note', body: { gas: 2 } })
  const where = `incident_id = '${incident.id}'`
  const forge = async (sql: string) => {
    await sqlOn(database.url, 'ALTER TABLE evidence DISABLE TRIGGER ALL')
    await sqlOn(database.url, sql)
    await sqlOn(database.url, 'ALTER TABLE evidence ENABLE TRIGGER ALL')
  }
  await forge(`UPDATE evidence SET body = '{"gas":9}' WHERE ${where} AND sequence = 2`)
  expect(await verifyEvidence(context, incident.id)).toMatchObject({ ok: false, brokenAt: 2 })
  await forge(`UPDATE evidence SET body = '{"gas":1}' WHERE ${where} AND sequence = 2`)
  expect(await verifyEvidence(context, incident.id)).toMatchObject({ ok: true })
  await forge(`DELETE FROM evidence WHERE ${where} AND sequence = 3`)
  expect(await verifyEvidence(context, incident.id)).toMatchObject({ ok: false, brokenAt: 3, count: 2 })
})

test('a database restart does not lose or double a recorded alert', async () => {
  const alerts = Array.from({ length: 30 }, () => aNewAlert())
  const { incident } = await recordAlert(context, aNewAlert(), asNew)
  const recording = alerts.map((alert) => recordAlert(context, alert, { incidentId: incident.id }))
  await killSessions(database)
  const recorded = await Promise.all(recording)
  expect(recorded).toHaveLength(30)
  expect(await listAlerts(context.store, incident.id)).toHaveLength(31)
  expect(await kindsOf(incident.id)).toHaveLength(31)
  expect(await verifyEvidence(context, incident.id)).toMatchObject({ ok: true, count: 31 })
})

test('the newest verdict counts, none is ever changed, and the timeline has them all', async () => {
  const { incident } = await recordAlert(context, aNewAlert(), asNew)
  const given = { incidentId: incident.id, author: 'Ada', reason: 'looked at it' }
  await giveVerdict(context, { ...given, verdict: 'attack' })
  await giveVerdict(context, { ...given, verdict: 'benign-trigger' })
  expect((await findVerdict(context.store, incident.id))?.verdict).toBe('benign-trigger')
  expect(await kindsOf(incident.id)).toEqual(['alert', 'verdict', 'verdict'])
  const judged = await listJudgedAlerts(context.store)
  expect(judged.filter(({ incidentId }) => incidentId === incident.id)).toMatchObject([
    { verdict: 'benign-trigger', findings: [{ detector: 'drain' }] },
  ])
  await expect(sqlOn(database.url, 'DELETE FROM verdicts')).rejects.toThrow(
    /append-only|may not|refuse|never/i,
  )
})

test('a judged incident about a block as a whole does not hide the judged transactions', async () => {
  const whole = await recordAlert(context, { ...aNewAlert(), transactionHash: null }, asNew)
  await giveVerdict(context, { incidentId: whole.incident.id, author: 'Ada', reason: 'x', verdict: 'attack' })
  const judged = await listJudgedAlerts(context.store)
  expect(judged.length).toBeGreaterThan(0)
  expect(judged.filter(({ incidentId }) => incidentId === whole.incident.id)).toEqual([])
})

test('a verdict on an incident that does not exist is refused', async () => {
  const given = { incidentId: 'inc-none', verdict: 'attack' as const, author: 'Ada', reason: 'x' }
  await expect(giveVerdict(context, given)).rejects.toMatchObject({ code: 'incidents.UnknownIncident' })
})
