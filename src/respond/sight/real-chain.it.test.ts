import { afterEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/harness/postgres.ts'
import { type RunningApp, startApp } from '../../app/start.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { type Anvil, type AnvilMining, startAnvil } from '../../chain/sandbox/anvil.ts'
import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import { configSchema } from '../../model/config.ts'
import type { Health } from '../../model/health.ts'
import { healthReader } from './health.ts'

type World = {
  anvil: Anvil
  rpc: Rpc
  running: RunningApp
  health: () => Promise<Health>
  /** Moves Cordon's clock, and nothing else. */
  later: (seconds: number) => void
  database: FreshDatabase
}
const worlds: World[] = []
afterEach(async () => {
  for (const { anvil, rpc, running, database } of worlds.splice(0)) {
    await running.stop()
    await rpc.close()
    await anvil.stop()
    await database.drop()
  }
})

async function watched(mining: AnvilMining): Promise<World> {
  const anvil = await startAnvil({ mining })
  const database = await freshDatabase()
  let offset = 0
  const clock: Clock = { now: () => Date.now() + offset, sleep: systemClock.sleep }
  const config = configSchema.parse({
    chains: [{ chainId: 31_337, rpcUrls: [anvil.url], pollMs: 20 }],
    respond: { enabled: false },
    rules: [],
  })
  const env = { DATABASE_URL: database.url }
  const running = await startApp({ config, env, logger: silentLogger, write: () => {}, clock })
  const world = {
    anvil,
    rpc: createRpc({ urls: [anvil.url] }),
    running,
    health: healthReader(running.app),
    later: (seconds: number) => {
      offset += seconds * 1_000
    },
    database,
  }
  worlds.push(world)
  return world
}

const soon = { timeout: 40_000, interval: 100 }
const headsOf = ({ running }: World) => running.app.sights.get(31_337)?.heads ?? []
const statusOf = async ({ health }: World) => {
  const { status, reasons } = await health()
  return [status, ...reasons.map(({ code }) => code)]
}

test('a chain that makes blocks on demand rests for an hour, and is not called late', async () => {
  const world = await watched({ kind: 'auto' })
  const [from, to] = (await world.rpc.request('eth_accounts', [])) as [string, string]
  for (let n = 0; n < 6; n++) {
    const known = headsOf(world).length
    await world.rpc.request('eth_sendTransaction', [{ from, to, value: '0x1' }])
    await expect.poll(() => headsOf(world).length, soon).toBeGreaterThan(known)
  }
  await expect.poll(() => statusOf(world), soon).toEqual(['ok'])
  world.later(3_600)
  expect(await statusOf(world)).toEqual(['ok'])
})

test('a chain with a block a second stands still: that is said, until it goes on', async () => {
  const world = await watched({ kind: 'interval', seconds: 1 })
  await expect.poll(() => headsOf(world).length, soon).toBeGreaterThan(6)
  await expect.poll(() => statusOf(world), soon).toEqual(['ok'])
  await world.rpc.request('evm_setIntervalMining', [0])
  const stood = headsOf(world).length
  world.later(60)
  expect(await statusOf(world)).toEqual(['blind', 'head-standing'])
  await world.rpc.request('evm_setIntervalMining', [1])
  await expect.poll(() => headsOf(world).length, soon).toBeGreaterThan(stood + 1)
  await expect.poll(() => statusOf(world), soon).toEqual(['ok'])
})
