import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import { createFakeNode, type FakeServer, serveFakeNode } from '../../../test/harness/fake-rpc.ts'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../../test/harness/postgres.ts'
import { type RunningApp, startApp } from '../../app/start.ts'
import { type Clock, systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import { configSchema } from '../../model/config.ts'
import { healthReader } from './health.ts'

let database: FreshDatabase
let server: FakeServer
let running: RunningApp
const written: string[] = []

/** Cordon's clock: it can be moved on, and who sleeps on it wakes soon. */
let offset = 0
const clock: Clock = {
  now: () => Date.now() + offset,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal),
}
const later = (seconds: number): void => {
  offset += seconds * 1_000
}

beforeAll(async () => {
  database = await freshDatabase()
  server = await serveFakeNode(createFakeNode(createFakeChain(20)))
  const config = configSchema.parse({
    chains: [{ chainId: 1, rpcUrls: [server.url], pollMs: 20 }],
    roles: { operations: [{ name: 'Olga', channels: ['console'] }] },
    channels: { console: { kind: 'console' } },
    respond: { enabled: false },
    rules: [],
  })
  running = await startApp({
    config,
    env: { DATABASE_URL: database.url },
    logger: silentLogger,
    write: (line) => written.push(line),
    clock,
  })
})
afterAll(async () => {
  await running.stop()
  await server.close()
  await database.drop()
})

const soon = { timeout: 30_000, interval: 50 }
const titles = () => written.flatMap((line) => /Cordon [a-z ]+ chain 1( again)?/.exec(line)?.[0] ?? [])

const codes = async () => (await healthReader(running.app)()).reasons.map(({ code }) => code)

test('a chain that is not seen any more is paged once, and its return once', async () => {
  await expect.poll(codes, soon).toEqual([])
  server.node.instead = () => ({ kind: 'status', status: 500 })
  await expect.poll(codes, soon).toContain('endpoint-failing')
  later(300)
  await expect.poll(codes, soon).toContain('no-endpoint')
  expect(titles()).toEqual([])
  // what lasts is paged, once
  await expect.poll(() => later(10) ?? titles(), soon).toEqual(['Cordon is blind on chain 1'])
  server.node.instead = () => undefined
  // upkeep is tried again at the next block
  server.node.chain.extend(1)
  await expect.poll(codes, soon).toEqual([])
  await expect
    .poll(() => later(10) ?? titles(), soon)
    .toEqual(['Cordon is blind on chain 1', 'Cordon sees chain 1 again'])
  const sql = 'SELECT state FROM notifications'
  await expect
    .poll(() => sqlOn(database.url, sql), soon)
    .toEqual([{ state: 'delivered' }, { state: 'delivered' }])
})

test('a watcher that cannot go on is paged, though its node tells of its head', async () => {
  written.length = 0
  server.node.instead = (method, [block]) =>
    method === 'eth_getBlockByNumber' && block === 'latest' ? undefined : { kind: 'status', status: 500 }
  server.node.chain.extend(3)
  await expect.poll(() => running.app.sights.get(1)?.heads.at(-1)?.number, soon).toBe(24)
  await expect.poll(() => later(10) ?? titles(), soon).toEqual(['Cordon is blind on chain 1'])
  expect(await codes()).toContain('behind')
  server.node.instead = () => undefined
  await expect.poll(codes, soon).toEqual([])
})

test('a watcher that ends is said so', async () => {
  const health = healthReader(running.app)
  const sight = running.app.sights.get(1)
  if (sight === undefined) throw new Error('no sight')
  sight.stopped = { reason: 'it broke', at: Date.now() }
  expect((await health()).reasons[0]).toMatchObject({ code: 'watching-stopped', status: 'blind' })
})
