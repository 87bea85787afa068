import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import { createFakeNode, type FakeServer, serveFakeNode } from '../../../test/harness/fake-rpc.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/harness/postgres.ts'
import { type RunningApp, startApp } from '../../app/start.ts'
import { type Clock, systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import { configSchema } from '../../model/config.ts'
import { createHub, type LiveEvent } from '../../notify/hub.ts'
import { healthReader } from '../sight/health.ts'

const TRACE_METHODS = ['debug_traceBlockByHash', 'debug_traceBlockByNumber']

let database: FreshDatabase
let server: FakeServer
let running: RunningApp
let events: LiveEvent[] = []

/** Cordon's clock: it can be moved on, and who sleeps on it wakes soon. */
let offset = 0
const clock: Clock = {
  now: () => Date.now() + offset,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal),
}

beforeAll(async () => {
  database = await freshDatabase()
  server = await serveFakeNode(createFakeNode(createFakeChain(20)))
  await start()
})
afterAll(async () => {
  await running.stop()
  await server.close()
  await database.drop()
})

async function start(): Promise<void> {
  const config = configSchema.parse({
    chains: [{ chainId: 1, rpcUrls: [server.url], pollMs: 20 }],
    respond: { enabled: false },
    rules: [],
  })
  events = []
  const hub = createHub()
  hub.listen((event) => events.push(event))
  const env = { DATABASE_URL: database.url }
  running = await startApp({ config, env, logger: silentLogger, write: () => {}, clock, hub })
}

const soon = { timeout: 30_000, interval: 50 }
const notices = () => events.flatMap((event) => (event.type === 'notice' ? [event.code] : []))
const seen = () => events.flatMap((event) => (event.type === 'block' ? [event.blockNumber] : []))
const reasons = async () => (await healthReader(running.app)()).reasons

/** A block without transactions says nothing of traces. */
function extendByEmpty(): number {
  const { chain } = server.node
  chain.extend(1)
  const newest = chain.blocks.at(-1)
  if (newest === undefined) throw new Error('no block')
  newest.raw.block.transactions = []
  Object.assign(newest.raw, { receipts: [], traces: [] })
  return newest.number
}

test('a node that loses its traces blinds Cordon until it has them again, over empty blocks too', async () => {
  await expect.poll(seen, soon).toContain(20)
  for (const method of TRACE_METHODS) server.node.without.add(method)
  server.node.chain.extend(1)
  await expect.poll(notices, soon).toEqual(expect.arrayContaining(['sight-lost', 'block-partial']))
  await expect.poll(seen, soon).toContain(extendByEmpty())
  const blind = expect.objectContaining({ code: 'detectors-blind', status: 'blind' })
  expect(await reasons()).toContainEqual(blind)

  server.node.without.clear()
  // what the nodes have is asked again soon, at a block
  const onwards = () => {
    offset += 1_000
    extendByEmpty()
    return notices()
  }
  await expect.poll(onwards, soon).toEqual(expect.arrayContaining(['sight-recovered', 'block-healed']))
  await expect.poll(reasons, soon).not.toContainEqual(blind)
})

test('a node that has lost its traces while Cordon was down leaves gaps, that are read when it has them again', async () => {
  await running.stop()
  for (const method of TRACE_METHODS) server.node.without.add(method)
  server.node.chain.extend(1)
  await start()
  await expect.poll(notices, soon).toContain('block-partial')
  server.node.without.clear()
  const onwards = () => {
    offset += 1_000
    extendByEmpty()
    return notices()
  }
  await expect.poll(onwards, soon).toContain('block-healed')
})
