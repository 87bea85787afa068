import { generateKeyPairSync, sign } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aHash, anAlert } from '../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { fakeClock } from '../kit/clock.ts'
import { silentLogger } from '../kit/logger.ts'
import { closeStore, openStore } from '../store/store.ts'
import { type IncidentContext, note } from './context.ts'
import { appendEvidence } from './ledger.ts'
import { recordAlert } from './record-alert.ts'
import { type RecordKey, sealRecord } from './seal.ts'
import { verifyRecord } from './verify-record.ts'

let database: FreshDatabase
let context: IncidentContext
const clock = fakeClock(1_700_000_000_000)

beforeEach(async () => {
  database = await freshDatabase()
  context = { store: await openStore({ url: database.url, logger: silentLogger }), clock }
})
afterEach(async () => {
  await closeStore(context.store)
  await database.drop()
})

function aKey(): RecordKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return {
    publicKey: Buffer.from(x, 'base64url').toString('hex'),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('hex'),
  }
}

const key = aKey()
const seal = (by = key) => sealRecord({ ...context, key: by })
const verify = (...heads: string[]) => verifyRecord(context.store, heads)

async function anIncident(n: number): Promise<string> {
  const alert = anAlert({ fingerprint: `attack-${n}`, transactionHash: aHash(n), alertHash: `alert-${n}` })
  const { incident } = await recordAlert(context, alert, { new: { kind: 'normal', title: `v${n}` } })
  return incident.id
}

const write = (incidentId: string, message: string, facts = {}) =>
  note(context, { incidentId, kind: 'note', message, facts })

/** As somebody who owns the database: no trigger, and counters of the incident made to fit. */
async function forge(...statements: string[]): Promise<void> {
  await sqlOn(database.url, ['SET session_replication_role = replica', ...statements].join(';'))
}

/** Two incidents with four entries each, sealed twice. */
async function aRecord(): Promise<{ one: string; other: string; head: string }> {
  const [one, other] = [await anIncident(1), await anIncident(2)]
  for (const id of [one, other]) await write(id, 'first', { wei: 10n ** 30n, b: 1, a: [null, 'é\u2028"\\'] })
  await seal()
  for (const id of [one, other])
    for (const text of ['second', 'tab\t, bell \u0007, line\nend']) await write(id, text)
  await appendEvidence(context, { incidentId: one, kind: 'note', body: { gas: 1 } })
  return { one, other, head: (await seal())?.hash ?? '' }
}

test('an untouched record holds, and so do the heads that were given out', async () => {
  const first = await seal()
  expect(first).toBeUndefined()
  const { head } = await aRecord()
  expect((await seal())?.hash).toBe(head)
  const verdict = await verify(head)
  expect(verdict).toMatchObject({
    ok: true,
    incidents: 2,
    entries: 8,
    unhashed: 0,
    seals: 2,
    head,
    faults: [],
  })
  expect(verdict.keys).toEqual([key.publicKey])
})

test.each([
  [
    'changed',
    (id: string) => [`UPDATE timeline SET message = 'x' WHERE incident_id = '${id}' AND sequence = 2`],
    2,
  ],
  [
    'with other facts',
    (id: string) => [`UPDATE timeline SET facts = '{"b":2}' WHERE incident_id = '${id}' AND sequence = 2`],
    2,
  ],
  [
    'backdated',
    (id: string) => [`UPDATE timeline SET event_time = 1 WHERE incident_id = '${id}' AND sequence = 3`],
    3,
  ],
  [
    'of another author',
    (id: string) => [`UPDATE timeline SET author = 'Eve' WHERE incident_id = '${id}' AND sequence = 4`],
    4,
  ],
  ['taken out', (id: string) => [`DELETE FROM timeline WHERE incident_id = '${id}' AND sequence = 2`], 2],
  [
    'taken out, the others renumbered',
    (id: string) => [
      `DELETE FROM timeline WHERE incident_id = '${id}' AND sequence = 2`,
      `UPDATE timeline SET sequence = sequence - 1 WHERE incident_id = '${id}' AND sequence > 2`,
      `UPDATE incidents SET timeline_count = 3 WHERE id = '${id}'`,
    ],
    2,
  ],
  [
    'in another order',
    (id: string) => [
      `UPDATE timeline SET sequence = 99 WHERE incident_id = '${id}' AND sequence = 2`,
      `UPDATE timeline SET sequence = 2 WHERE incident_id = '${id}' AND sequence = 3`,
      `UPDATE timeline SET sequence = 3 WHERE incident_id = '${id}' AND sequence = 99`,
    ],
    2,
  ],
  ['cut off', (id: string) => [`DELETE FROM timeline WHERE incident_id = '${id}' AND sequence = 4`], 4],
  [
    'cut off, and the incident’s row with them',
    (id: string) => [
      `DELETE FROM timeline WHERE incident_id = '${id}' AND sequence > 2`,
      `UPDATE incidents SET timeline_count = 2, timeline_head = (SELECT hash FROM timeline
         WHERE incident_id = '${id}' AND sequence = 2) WHERE id = '${id}'`,
    ],
    3,
  ],
  [
    'without their hashes',
    (id: string) => [`UPDATE timeline SET hash = NULL, previous = NULL WHERE incident_id = '${id}'`],
    2,
  ],
] as const)('timeline entries %s are found, and where', async (_, statements, number) => {
  const { other } = await aRecord()
  await forge(...statements(other))
  expect((await verify()).faults).toMatchObject([{ where: 'timeline', incidentId: other, number }])
})

test('evidence changed, an incident gone and a seal changed are found', async () => {
  const { one, other } = await aRecord()
  await forge(`UPDATE evidence SET body = '{"gas":2}' WHERE incident_id = '${one}' AND sequence = 2`)
  expect((await verify()).faults).toMatchObject([{ where: 'evidence', incidentId: one, number: 2 }])
  await forge(`UPDATE evidence SET body = '{"gas":1}' WHERE incident_id = '${one}' AND sequence = 2`)
  await forge(`UPDATE seals SET sealed_at = 1 WHERE number = 2`)
  expect((await verify()).faults).toMatchObject([
    { where: 'seal', number: 2, reason: 'content and hash disagree' },
  ])
  await forge(`UPDATE seals SET sealed_at = 1700000000000 WHERE number = 2`)
  for (const table of ['timeline', 'evidence', 'findings', 'alerts', 'sealed_incidents'])
    await forge(`DELETE FROM ${table} WHERE incident_id = '${other}'`)
  await forge(`DELETE FROM incidents WHERE id = '${other}'`)
  expect((await verify()).faults).toMatchObject([
    { incidentId: other, number: null, reason: 'was sealed and is gone' },
  ])
})

test('the last seals cut off with what they sealed are found by a head that others hold, and only by it', async () => {
  const { one, head } = await aRecord()
  await write(one, 'and this')
  const given = (await seal())?.hash ?? ''
  await forge(
    'DELETE FROM seals WHERE number = 3',
    `DELETE FROM timeline WHERE incident_id = '${one}' AND sequence = 5`,
    `UPDATE incidents SET timeline_count = 4, timeline_head = (SELECT hash FROM timeline
       WHERE incident_id = '${one}' AND sequence = 4) WHERE id = '${one}'`,
    `UPDATE sealed_incidents SET timeline_count = 4 WHERE incident_id = '${one}'`,
  )
  expect(await verify(head)).toMatchObject({ ok: true })
  const { ok, faults } = await verify(given)
  expect({ ok, where: faults[0]?.where }).toEqual({ ok: false, where: 'head' })
})

test('a record that was written anew with another key is whole in itself, and the key tells it', async () => {
  const { head } = await aRecord()
  await forge('DELETE FROM seals', 'DELETE FROM sealed_incidents')
  const other = aKey()
  await seal(other)
  expect(await verify()).toMatchObject({ ok: true, keys: [other.publicKey] })
  expect(await verify(head)).toMatchObject({ ok: false })
})

test('entries from before there were hashes are told as such, and new ones go on after them', async () => {
  const id = await anIncident(7)
  await forge(
    `UPDATE timeline SET hash = NULL, previous = NULL WHERE incident_id = '${id}'`,
    `UPDATE incidents SET timeline_head = repeat('0', 64) WHERE id = '${id}'`,
  )
  await write(id, 'new')
  await seal()
  expect(await verify()).toMatchObject({ ok: true, entries: 2, unhashed: 1 })
})

test('of processes that seal at the same time one does, and none waits', async () => {
  for (let n = 1; n <= 5; n++) await anIncident(n)
  await Promise.all(Array.from({ length: 8 }, () => seal()))
  await seal()
  expect(await verify()).toMatchObject({ ok: true, seals: 1, incidents: 5 })
})
