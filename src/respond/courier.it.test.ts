import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anAlert } from '../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase } from '../../test/harness/postgres.ts'
import { recordAlert } from '../incidents/record-alert.ts'
import { verifyRecord } from '../incidents/verify-record.ts'
import { fakeClock } from '../kit/clock.ts'
import { silentLogger } from '../kit/logger.ts'
import type { Channel, Notification } from '../model/notification.ts'
import { sealSchema } from '../model/seal.ts'
import { findNotification } from '../store/notifications.ts'
import { closeStore, openStore, type Store } from '../store/store.ts'
import { listTimeline } from '../store/timeline.ts'
import type { App } from './context.ts'
import { resendDue, sendDigests } from './courier.ts'
import { deliver } from './outbox.ts'

let database: FreshDatabase
let store: Store
let incidents = 0

beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
})
afterAll(async () => {
  await closeStore(store)
  await database.drop()
})

const clock = fakeClock(1_700_000_000_000)

/** A process with two channels; the hook takes what `takes` lets through. */
function aProcess(takes: () => boolean) {
  const taken: Record<'hook' | 'console', Notification[]> = { hook: [], console: [] }
  const hook: Channel = {
    id: 'hook',
    deliver: async (notification) => {
      if (!takes()) throw new Error('The webhook hook answered 500.')
      taken.hook.push(notification)
    },
  }
  const written: Channel = { id: 'console', deliver: async (it) => void taken.console.push(it) }
  const channels = new Map([hook, written].map((channel) => [channel.id, channel]))
  const roles = { guardian: [{ name: 'Ada', channels: ['hook', 'console'] }] }
  const app = { store, clock, channels, logger: silentLogger, config: { roles } } as unknown as App
  return { app, taken }
}

async function aPage(title: string): Promise<Notification> {
  const n = ++incidents
  const alert = anAlert({ fingerprint: `attack-${n}`, alertHash: `alert-${n}` })
  const { incident } = await recordAlert({ store, clock }, alert, { new: { kind: 'normal', title: `v${n}` } })
  return {
    id: `page-${n}`,
    incidentId: incident.id,
    kind: 'normal',
    roles: ['guardian'],
    recipients: [],
    severity: 'critical',
    title: `${title}: v${n}`,
    body: '',
    at: clock.now(),
    facts: {},
  }
}

const toldOf = async ({ incidentId }: Notification) =>
  (await listTimeline(store, incidentId ?? ''))
    .filter(({ kind }) => kind === 'notification')
    .map(({ message }) => message)

test('a page that a channel refuses is on the timeline, sent again by the next process, and its late arrival told', async () => {
  const before = aProcess(() => false)
  const page = await aPage('Refused')
  await deliver(before.app, page)
  expect(before.taken.console).toHaveLength(1)
  expect(await toldOf(page)).toEqual([expect.stringMatching(/has not reached Ada over hook \(.* 500\.\)/)])
  const after = aProcess(() => true)
  await resendDue(after.app)
  expect(after.taken.hook).toEqual([])
  clock.advance(15_000)
  await resendDue(after.app)
  expect(after.taken.hook).toMatchObject([{ id: page.id, recipients: ['Ada'] }])
  expect(after.taken.console).toEqual([])
  expect((await toldOf(page)).at(-1)).toMatch(/has now reached Ada over hook, 15s late, at attempt 2/)
  expect(await findNotification(store, page.id)).toMatchObject({
    state: 'delivered',
    missed: [],
    nextAt: null,
  })
  clock.advance(100_000)
  await resendDue(after.app)
  expect(after.taken.hook).toHaveLength(1)
})

test('each page carries the signed head of the whole record, so that others hold it', async () => {
  const { app, taken } = aProcess(() => true)
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-courier-'))
  const page = await aPage('Sealed')
  await deliver({ ...app, config: { ...app.config, dataDir } }, page)
  const [record] = taken.hook.map(({ facts }) =>
    sealSchema.omit({ incidents: true, previous: true }).parse(facts['record']),
  )
  expect(await verifyRecord(store, [record?.hash ?? ''])).toMatchObject({
    ok: true,
    keys: [record?.publicKey],
  })
  await rm(dataDir, { recursive: true })
})

test('waits grow, and after a day a page is given up and the timeline says so', async () => {
  const { app } = aProcess(() => false)
  const page = await aPage('Never')
  await deliver(app, page)
  let tries = 1
  for (let minutes = 0; minutes < 26 * 60; minutes++) {
    clock.advance(60_000)
    const before = (await findNotification(store, page.id))?.attempts
    await resendDue(app)
    if ((await findNotification(store, page.id))?.attempts !== before) tries++
  }
  expect(tries).toBeGreaterThan(40)
  expect(tries).toBeLessThan(70)
  const told = await toldOf(page)
  expect(told).toHaveLength(2)
  expect(told[1]).toMatch(/^Given up after .* attempts: “Never: v\d+” never reached Ada over hook/)
})

test('what a process that died had queued is sent by another once its time is over, and by one only', async () => {
  const { app, taken } = aProcess(() => true)
  const page = await aPage('Left behind')
  const { queueNotification } = await import('../store/notifications.ts')
  await queueNotification(store, page, { leaseUntil: clock.now() + 90_000 })
  await resendDue(app)
  expect(taken.hook).toEqual([])
  clock.advance(90_000)
  await Promise.all([resendDue(app), resendDue(app), resendDue(app)])
  expect(taken.hook).toHaveLength(1)
})

test('of a storm of pages the first are sent one by one, one message names the others, and other pages come through', async () => {
  const { app, taken } = aProcess(() => true)
  const pages = []
  for (let n = 0; n < 30; n++) pages.push(await aPage('Exploit in progress'))
  for (const page of pages) await deliver(app, page)
  expect(taken.hook).toHaveLength(5)
  const other = await aPage('Containment has come undone')
  await deliver(app, other)
  expect(taken.hook.at(-1)?.id).toBe(other.id)
  await sendDigests(app)
  expect(taken.hook).toHaveLength(7)
  expect(taken.hook.at(-1)).toMatchObject({
    title: expect.stringContaining('25 more: Exploit in progress'),
    severity: 'critical',
    incidentId: null,
  })
  expect(taken.hook.at(-1)?.body).toMatch(/25 incidents[\s\S]*and 15 more/)
  await sendDigests(app)
  expect(taken.hook).toHaveLength(7)
  clock.advance(61_000)
  await deliver(app, await aPage('Exploit in progress'))
  expect(taken.hook).toHaveLength(8)
})
