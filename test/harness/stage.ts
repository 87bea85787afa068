import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { RunningApp, StartOptions } from '../../src/app/start.ts'
import { startApp } from '../../src/app/start.ts'
import type { Endpoint } from '../../src/chain/rpc/endpoint.ts'
import { createEndpoint } from '../../src/chain/rpc/endpoint.ts'
import type { Anvil } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { sendAttackOnce } from '../../src/drills/attacks.ts'
import { drillConfig } from '../../src/drills/config.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import { silentLogger } from '../../src/kit/logger.ts'
import type { Config } from '../../src/model/config.ts'
import type { TimelineEntry } from '../../src/model/timeline.ts'
import type { LiveEvent } from '../../src/notify/hub.ts'
import { createHub } from '../../src/notify/hub.ts'
import { findCursor } from '../../src/store/cursors.ts'
import { installationAt } from './installation.ts'
import type { FreshDatabase } from './postgres.ts'
import { freshDatabase } from './postgres.ts'

export type Stage = {
  anvil: Anvil
  node: Endpoint
  at: DrillDeployment
  running: RunningApp
  database: FreshDatabase
  events: LiveEvent[]
  written: string[]
  until(fits: (event: LiveEvent) => boolean): Promise<LiveEvent>
  /** Waits until the node's head, and all before it, is on record. */
  recorded(): Promise<void>
  /** Ends Cordon and starts it again, on the same database. */
  restart(): Promise<void>
}

const closers: (() => Promise<unknown>)[] = []

/** Ends every stage of a test. */
export async function closeStages(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}

/** A drill protocol on a chain that is mined by hand, and a Cordon on it. */
export async function stage(
  change: (config: Config, at: DrillDeployment, installation: string | null) => Config | Promise<Config> = (
    config,
  ) => config,
  options: Partial<StartOptions> = {},
): Promise<Stage> {
  const anvil = await startAnvil({ mining: { kind: 'manual' } })
  closers.push(anvil.stop)
  const node = createEndpoint(anvil.url)
  const at = await deployDrill(anvil.url)
  const database = await freshDatabase()
  closers.push(database.drop)
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-watch-'))
  closers.push(() => rm(dataDir, { recursive: true, force: true }))
  const now = Math.floor(Date.now() / 1000)
  const installation = options.kind === 'drill' ? null : await installationAt(database.url)
  const made = await drillConfig({
    deployment: at,
    rpcUrl: anvil.url,
    dataDir,
    apiPort: 0,
    respond: true,
    mempool: false,
    now,
    installation,
  })
  const hub = createHub()
  const events: LiveEvent[] = []
  const looks = new Set<() => void>()
  hub.listen((event) => {
    events.push(event)
    for (const look of looks) look()
  })
  const written: string[] = []
  const env = { DATABASE_URL: database.url }
  const config = await change(unhurried(made.config), at, installation)
  const start = (): Promise<RunningApp> =>
    startApp({
      ...made,
      ...options,
      config,
      env: options.env ?? env,
      logger: silentLogger,
      hub,
      write: (line) => written.push(line),
    })
  const until: Stage['until'] = (fits) =>
    new Promise((resolve, reject) => {
      let next = 0
      const late = setTimeout(() => {
        looks.delete(look)
        reject(new Error(`it did not come: ${String(fits)}\n${toldBy(events)}`))
      }, LONGEST_MS)
      const look = (): void => {
        for (; next < events.length; next++) {
          const event = events[next]
          if (event === undefined || !fits(event)) continue
          clearTimeout(late)
          looks.delete(look)
          resolve(event)
          return
        }
      }
      looks.add(look)
      look()
    })
  const recorded = async (): Promise<void> => {
    const wanted = await head(node)
    const reached = async () => (await findCursor(it.running.app.store, at.chainId))?.processed?.number ?? -1
    await expect.poll(reached).toBeGreaterThanOrEqual(wanted)
  }
  const restart = async (): Promise<void> => {
    await it.running.stop()
    it.running = await start()
  }
  const running = await start()
  const it: Stage = { anvil, node, at, running, database, events, written, until, recorded, restart }
  closers.push(() => it.running.stop())
  return it
}

/** Only ends a hanging wait: the expected events come within seconds on an idle machine. */
const LONGEST_MS = 120_000

/** The events so far, for a test whose wait was not met. */
function toldBy(events: readonly LiveEvent[]): string {
  return events
    .map((event) => (event.type === 'timeline' ? `${event.kind}: ${event.message}` : event.type))
    .filter((line, i, all) => line !== all[i - 1])
    .join('\n')
}

/** A busy machine makes no partial blocks: a test about gaps sets its own patience. */
function unhurried(config: Config): Config {
  const patience = { share: 1, leastMs: 60_000, mostMs: 60_000 }
  return { ...config, chains: config.chains.map((chain) => ({ ...chain, patience })) }
}

export const said = (kind: TimelineEntry['kind'], words: RegExp) => (event: LiveEvent) =>
  event.type === 'timeline' && event.kind === kind && words.test(event.message)
export const sawBlock = (number: number) => (event: LiveEvent) =>
  event.type === 'block' && event.blockNumber === number

export async function head(node: Endpoint): Promise<number> {
  return Number(await node.request('eth_blockNumber', []))
}

export async function attack({ node, at, anvil }: Stage): Promise<void> {
  await sendAttackOnce(at, anvil.url, { kind: 'reentrancy' })
  await node.request('evm_mine', [])
}

/** A stage whose attacks this playbook alone answers (YAML), with all its blocks seen. */
export async function stageWith(
  playbook: string,
  change: Parameters<typeof stage>[0] = (config) => config,
  options: Partial<StartOptions> = {},
): Promise<Stage> {
  const file = join(await mkdtemp(join(tmpdir(), 'cordon-playbook-')), 'own.yaml')
  await writeFile(file, playbook)
  const it = await stage(
    (config, ...rest) => change({ ...config, respond: { ...config.respond, playbooks: [file] } }, ...rest),
    options,
  )
  await it.until(sawBlock(await head(it.node)))
  return it
}

/** An attack that is answered by these steps of a playbook alone. */
export async function attackedWith(steps: string): Promise<Stage> {
  const head0 = 'id: own\ntitle: Own\nowner: incident-leader\nlevel: test\ndescription: For a test.\n'
  const it = await stageWith(`${head0}when: { severity: high }\nsteps:\n${steps}`)
  await attack(it)
  return it
}
