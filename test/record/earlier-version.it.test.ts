import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { verifyRecord } from '../../src/incidents/verify-record.ts'
import { systemClock } from '../../src/kit/clock.ts'
import { silentLogger } from '../../src/kit/logger.ts'
import { bodiesOf } from '../../src/model/evidence.ts'
import { reportDocument } from '../../src/reports/report.ts'
import { recordOf } from '../../src/reports/share/record-of.ts'
import { listEvidence } from '../../src/store/evidence.ts'
import { listIncidents } from '../../src/store/incidents.ts'
import { closeStore, openStore, type Store } from '../../src/store/store.ts'
import { listTimeline } from '../../src/store/timeline.ts'
import { type FreshDatabase, freshDatabase, sqlOn } from '../harness/postgres.ts'

/*
 * The database of a drill (people played, no standing authorisation) as the version of 30 November 2026 left it: every row
 * of every table. Made with that version by `cordon drill run --people played --no-standing`.
 */
const DUMP = new URL('../fixtures/records/2026-11.json.gz', import.meta.url)
const tablesSchema = z.record(z.string(), z.array(z.string()))

let database: FreshDatabase
let store: Store

beforeAll(async () => {
  database = await freshDatabase()
  // an empty schema first, then the rows as they were: triggers that number and hash are not asked again
  await closeStore(await openStore({ url: database.url, logger: silentLogger }))
  const tables = tablesSchema.parse(JSON.parse(gunzipSync(readFileSync(DUMP)).toString('utf8')))
  const loads = Object.entries(tables)
    .filter(([table]) => table !== 'cordon_migrations')
    .flatMap(([table, rows]) => [`DELETE FROM ${table}`, ...rows.map((row) => insertOf(table, row))])
  await sqlOn(database.url, `BEGIN; SET LOCAL session_replication_role = replica; ${loads.join(';')}; COMMIT`)
  store = await openStore({ url: database.url, logger: silentLogger })
})
afterAll(async () => {
  await closeStore(store)
  await database.drop()
})

function insertOf(table: string, row: string): string {
  const columns = Object.keys(JSON.parse(row) as object).map((name) => `"${name}"`)
  const json = `'${row.replaceAll("'", "''")}'`
  return `INSERT INTO ${table} (${columns.join(',')}) OVERRIDING SYSTEM VALUE
    SELECT ${columns.join(',')} FROM json_populate_record(NULL::${table}, ${json})`
}

async function incidentId(): Promise<string> {
  const [incident] = await listIncidents(store)
  return incident?.id ?? ''
}

test('every hash of the record still holds', async () => {
  expect(await verifyRecord(store)).toMatchObject({ ok: true, incidents: 1, entries: 85, links: 49 })
})

test('questions, answers and investigations are read under the kinds that they have now', async () => {
  const timeline = await listTimeline(store, await incidentId())
  const count = (kind: string): number => timeline.filter((entry) => entry.kind === kind).length
  expect({ entries: timeline.length, questions: count('question'), answers: count('answer') }).toEqual({
    entries: 85,
    questions: 5,
    answers: 4,
  })
  const links = await listEvidence(store, await incidentId())
  const read = (kind: Parameters<typeof bodiesOf>[1]): number => bodiesOf(links, kind).length
  expect({
    findings: read('finding'),
    plans: read('plan'),
    proposals: read('proposal'),
    waiting: read('plan-waiting'),
    investigations: read('investigation'),
    approvals: read('approval'),
    verdicts: read('approval-verdict'),
    pages: read('notification'),
  }).toEqual({
    findings: 14,
    plans: 3,
    proposals: 1,
    waiting: 2,
    investigations: 2,
    approvals: 1,
    verdicts: 1,
    pages: 9,
  })
})

test('its report is written as ever: who signed, what was sent, and what the investigation found', async () => {
  const record = await recordOf({ store, clock: systemClock, names: new Map() }, await incidentId())
  expect(record.investigation?.rootCause.category).toBe('option-abuse')
  expect(record.times?.milestones.find(({ name }) => name === 'approved')?.afterMs).toBeGreaterThan(0)
  expect(record.times?.questions).toHaveLength(5)
  const { blocks } = reportDocument(record, { kind: 'incident', audience: 'team' })
  expect(blocks.length).toBeGreaterThan(20)
})
