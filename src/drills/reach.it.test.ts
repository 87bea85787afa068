import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { systemClock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import { silentLogger } from '../kit/logger.ts'
import type { Channel, Notification } from '../model/notification.ts'
import type { Roles } from '../model/role.ts'
import { closeStore, openStore, type Store } from '../store/store.ts'
import { addressOf } from './accounts.ts'
import { answerReach, reachTypedData, signReach, testReach } from './reach.ts'
import { drillSigner } from './team.ts'

let database: FreshDatabase
let store: Store
let dataDir: string
beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
  dataDir = await mkdtemp(join(tmpdir(), 'cordon-reach-'))
})
afterAll(async () => {
  await closeStore(store)
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

const roles: Roles = {
  guardian: [
    { name: 'Gus', channels: ['pager', 'phone'], address: addressOf('guardian') },
    { name: 'Gwen', channels: ['pager'], address: addressOf('lender') },
  ],
  'incident-leader': [{ name: 'Ilse', channels: ['phone', 'broken'] }],
  'protocol-lead': [{ name: 'Priya', channels: [], address: addressOf('deployer') }],
  communications: [{ name: 'Cleo', channels: ['pager'] }],
}

const told: { channel: string; notification: Notification }[] = []

/** Answers as `act` says, whenever somebody is paged. */
function channel(id: string, act: (notification: Notification) => Promise<void>): Channel {
  return {
    id,
    async deliver(notification) {
      told.push({ channel: id, notification })
      await act(notification)
    },
  }
}

const codeIn = ({ body }: Notification): string => /answer ([0-9A-Z]+) /.exec(body)?.[1] ?? ''
const context = {
  get store() {
    return store
  },
  clock: systemClock,
}

test('who answers, over which channel, how fast and with what signature is on record, and so is silence', async () => {
  const signers = [drillSigner('guardian')]
  const pager = channel('pager', async (notification) => {
    const code = codeIn(notification)
    // Gwen answers, and does not sign with her address
    if (notification.recipients[0] === 'Gwen')
      await answerReach(context, { code, by: 'Gwen', signature: null })
  })
  const phone = channel('phone', async (notification) => {
    const [by = ''] = notification.recipients
    const code = codeIn(notification)
    const signature = by === 'Gus' ? await signReach({ code, by }, roles, signers) : null
    await answerReach(context, { code: `${code.slice(0, 5).toLowerCase()}-${code.slice(5)}`, by, signature })
  })
  const broken = channel('broken', () => Promise.reject(new Error('nobody there')))
  const done = await testReach({
    home: { store, dataDir },
    config: { roles, approvals: [{ require: [{ roles: ['auditor'], quorum: 1 }], ttl: '1h' }] },
    channels: new Map([pager, phone, broken].map((one) => [one.id, one])),
    timeoutMs: 900,
    clock: systemClock,
    signal: new AbortController().signal,
    say: () => undefined,
  })
  const byName = new Map(done.people.map((person) => [person.person, person]))
  expect(byName.get('Gus')).toMatchObject({ reached: true, answer: { proof: 'signed', channel: 'phone' } })
  expect(byName.get('Gus')?.afterMs).toBeLessThan(900)
  expect(byName.get('Gwen')).toMatchObject({ reached: false, answer: { proof: 'missing' } })
  expect(byName.get('Ilse')).toMatchObject({
    reached: true,
    paged: ['phone'],
    notPaged: [{ channel: 'broken', error: 'nobody there' }],
  })
  expect(byName.get('Priya')).toMatchObject({ reached: false, answer: null })
  expect(byName.has('Cleo'), 'who holds no key is not called').toBe(false)
  expect(done.test.emptyRoles).toEqual(['auditor'])
  const text = await readFile(done.file, 'utf8')
  expect(text).toMatch(/^# DRILL reach-.*2 of 4 reached/)
  expect(text).toContain('| Priya | protocol-lead | **nothing** | **none** |')
  expect(text).toContain('| **nobody** | auditor |')
})

test('every page says that it is a drill, and no code is kept', async () => {
  expect(told.length).toBeGreaterThan(0)
  for (const { notification } of told) {
    expect(notification.kind).toBe('drill')
    expect(notification.title).toMatch(/^DRILL: /)
  }
  const kept = JSON.stringify([
    await sqlOn(database.url, 'SELECT document FROM reach_tests'),
    await sqlOn(database.url, 'SELECT document FROM reach_entries'),
    await sqlOn(database.url, 'SELECT document FROM notifications'),
  ])
  for (const { notification } of told) expect(kept).not.toContain(codeIn(notification))
})

test('an answer after the time is late, and stands beside the silence', async () => {
  const gus = told.find(({ notification }) => notification.recipients[0] === 'Gus')
  const code = gus === undefined ? '' : codeIn(gus.notification)
  const signature = await signReach({ code, by: 'Gus' }, roles, [drillSigner('guardian')])
  expect(await answerReach(context, { code, by: 'Gus', signature })).toMatchObject({
    late: true,
    proof: 'signed',
  })
})

test('neither another’s code nor another’s signature is taken', async () => {
  const gus = told.find(({ notification }) => notification.recipients[0] === 'Gus')
  const code = gus === undefined ? '' : codeIn(gus.notification)
  const codeOf = (thrown: unknown): string => (thrown instanceof CordonError ? thrown.code : String(thrown))
  expect(await answerReach(context, { code, by: 'Ilse', signature: null }).catch(codeOf)).toBe(
    'drill.WrongCode',
  )
  expect(await answerReach(context, { code: 'AAAAAAAAAA', by: 'Gus', signature: null }).catch(codeOf)).toBe(
    'drill.WrongCode',
  )
  const foreign = await drillSigner('incidentLeader').signTypedData(reachTypedData({ code, by: 'Gus' }))
  expect(await answerReach(context, { code, by: 'Gus', signature: foreign }).catch(codeOf)).toBe(
    'app.WrongSignature',
  )
})
