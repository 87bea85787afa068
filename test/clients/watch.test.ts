import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type RunningApp, startApp } from '../../src/app/start.ts'
import { launchAttack, sendAttackOnce } from '../../src/drills/attacks.ts'
import { connectDrill, latestBlock, settle } from '../../src/drills/chain.ts'
import { drillConfig } from '../../src/drills/config.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import { runTraffic } from '../../src/drills/traffic.ts'
import { systemClock } from '../../src/kit/clock.ts'
import { silentLogger } from '../../src/kit/logger.ts'
import { attackKinds } from '../../src/model/attack-kind.ts'
import type { LiveEvent } from '../../src/notify/hub.ts'
import { createHub } from '../../src/notify/hub.ts'
import { listIncidents } from '../../src/store/incidents.ts'
import { type Geth, startGeth } from '../harness/geth.ts'
import { installationAt } from '../harness/installation.ts'
import { type FreshDatabase, freshDatabase } from '../harness/postgres.ts'

const binary = inject('geth')

type Watching = { running: RunningApp; events: LiveEvent[]; stop(): Promise<void> }

describe.skipIf(binary === null)('Cordon on geth --dev', () => {
  let geth: Geth
  let at: DrillDeployment
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cordon-geth-watch-'))
    geth = await startGeth(binary ?? '')
    at = await deployDrill(geth.url)
  })
  afterAll(async () => {
    await geth?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function watch(change: { respond: boolean; rpcUrl?: string; fromBlock?: number }): Promise<Watching> {
    const { respond, rpcUrl = geth.url, fromBlock = at.firstBlock } = change
    const database: FreshDatabase = await freshDatabase()
    const now = Math.floor(systemClock.now() / 1_000)
    const given = { deployment: at, rpcUrl, dataDir: folder, apiPort: 0, respond, mempool: false, now }
    const installation = await installationAt(database.url)
    const { config, signers } = await drillConfig({ ...given, installation })
    const chains = config.chains.map((chain) => ({ ...chain, fromBlock }))
    const hub = createHub()
    const events: LiveEvent[] = []
    hub.listen((event) => events.push(event))
    const running = await startApp({
      config: { ...config, chains },
      signers,
      env: { DATABASE_URL: database.url },
      logger: silentLogger,
      hub,
      write: () => {},
    })
    const stop = async (): Promise<void> => {
      await running.stop()
      await database.drop()
    }
    return { running, events, stop }
  }

  const statesOf = async ({ running }: Watching): Promise<string[]> =>
    (await listIncidents(running.app.store)).map(({ state }) => state).sort()

  test('each attack of the drill is found and its victim paused, honest traffic before it is not', async () => {
    const watching = await watch({ respond: true })
    try {
      await runTraffic(at, geth.url, { rounds: 1, seed: 3 })
      expect(await statesOf(watching)).toEqual([])
      for (const kind of attackKinds) {
        const { ended } = await launchAttack(at, geth.url, { kind, rounds: 12 })
        expect([kind, ended]).toEqual([kind, 'reverted'])
      }
      await expect.poll(() => statesOf(watching)).toEqual(['contained', 'contained', 'contained'])
    } finally {
      await watching.stop()
    }
  })

  test('over WebSocket it follows the head', async () => {
    const watching = await watch({ respond: false, rpcUrl: geth.wsUrl })
    try {
      const { number } = await latestBlock(await connectDrill(geth.url))
      await expect
        .poll(() => watching.events.some((event) => event.type === 'block' && event.blockNumber > number))
        .toBe(true)
    } finally {
      await watching.stop()
    }
  })

  test('begun 200 blocks back, where the state of the first is gone, it finds the attack in the newest', async () => {
    const own = await startGeth(binary ?? '')
    try {
      const drill = await deployDrill(own.url)
      const chain = await connectDrill(own.url)
      await expect
        .poll(async () => (await latestBlock(chain)).number - drill.readyBlock, { timeout: 600_000 })
        .toBeGreaterThan(200)
      const hash = await sendAttackOnce(drill, own.url, { kind: 'reentrancy' })
      await settle(chain, [hash])
      const before = at
      at = drill
      const watching = await watch({ respond: false, rpcUrl: own.url, fromBlock: drill.firstBlock })
      at = before
      try {
        const isFound = (event: LiveEvent): boolean =>
          event.type === 'finding' && event.transactionHash === hash && event.severity === 'critical'
        await expect.poll(() => watching.events.some(isFound)).toBe(true)
        const words = watching.events.flatMap((event) => (event.type === 'notice' ? [event.code] : []))
        expect(words).toContain('block-partial')
      } finally {
        await watching.stop()
      }
    } finally {
      await own.stop()
    }
  }, 900_000)
})
