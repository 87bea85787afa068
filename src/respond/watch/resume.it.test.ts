import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { freshDatabase, sqlOn } from '../../../test/harness/postgres.ts'
import { type RunningApp, startApp } from '../../app/start.ts'
import { createEndpoint, type Endpoint } from '../../chain/rpc/endpoint.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import { launchAttack } from '../../drills/attacks.ts'
import { drillConfig } from '../../drills/config.ts'
import { deployDrill } from '../../drills/deploy.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import { toJson } from '../../kit/json.ts'
import { silentLogger } from '../../kit/logger.ts'
import { type Config, configSchema } from '../../model/config.ts'
import { createHub, type LiveEvent } from '../../notify/hub.ts'
import { insertCursorMove } from '../../store/cursor-moves.ts'
import { findCursor } from '../../store/cursors.ts'
import { listIncidents } from '../../store/incidents.ts'
import { findSnapshot } from '../../store/snapshots.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Ground = { anvil: Anvil; node: Endpoint; at: DrillDeployment; databaseUrl: string; config: Config }

/** A drill protocol, a database, and a configuration; nobody watches yet. */
async function ground(): Promise<Ground> {
  const anvil = await startAnvil({ mining: { kind: 'manual' } })
  closers.push(anvil.stop)
  const at = await deployDrill(anvil.url)
  const database = await freshDatabase()
  closers.push(database.drop)
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-resume-'))
  closers.push(() => rm(dataDir, { recursive: true, force: true }))
  const options = { deployment: at, rpcUrl: anvil.url, dataDir, apiPort: 0, mempool: false }
  const { config } = await drillConfig({ ...options, respond: false, now: 1_700_000_000 })
  return { anvil, node: createEndpoint(anvil.url), at, databaseUrl: database.url, config }
}

type Notice = Extract<LiveEvent, { type: 'notice' }>
type Watching = {
  running: RunningApp
  events: LiveEvent[]
  notices(): Notice[]
  blocks(): number[]
  stop(): Promise<void>
}

/** Starts Cordon with the chain configured so, and waits until it has judged the head. */
async function watch(it: Ground, chain: Record<string, unknown> = {}): Promise<Watching> {
  const events: LiveEvent[] = []
  const hub = createHub()
  hub.listen((event) => events.push(event))
  const { config: kept } = it
  const chains = kept.chains.map(({ fromBlock, ...rest }) =>
    'learn' in chain ? { ...rest, ...chain } : { ...rest, fromBlock, ...chain },
  )
  const plain: unknown = JSON.parse(toJson({ ...kept, chains, authorisations: [] }))
  const config = configSchema.parse(plain)
  const env = { DATABASE_URL: it.databaseUrl }
  const running = await startApp({ config, env, logger: silentLogger, hub, write: () => undefined })
  closers.push(running.stop)
  const head = Number(await it.node.request('eth_blockNumber', []))
  const judged = async (): Promise<unknown> => {
    const cursor = await findCursor(running.app.store, it.at.chainId)
    const vitals = running.app.chains.get(it.at.chainId)?.vitals
    return [cursor?.processed?.number, vitals?.learning?.state]
  }
  await expect.poll(judged, { timeout: 50_000 }).toEqual([head, 'learned'])
  return {
    running,
    events,
    notices: () => events.filter((event) => event.type === 'notice'),
    blocks: () => events.flatMap((event) => (event.type === 'block' ? [event.blockNumber] : [])),
    async stop() {
      closers.splice(closers.indexOf(running.stop), 1)
      await running.stop()
    },
  }
}

const codesOf = (watching: Watching): string[] => watching.notices().map(({ code }) => code)
const severitiesOf = ({ events }: Watching): string[] =>
  events.flatMap((event) => (event.type === 'finding' ? [event.severity] : []))
const mine = (it: Ground, blocks: number): Promise<unknown> =>
  it.node.request('anvil_mine', [`0x${blocks.toString(16)}`])

test('a snapshot that cannot be read is told, and those detectors learn again from the chain', async () => {
  const it = await ground()
  const chain = { window: 4, snapshotSeconds: 0 }
  await mine(it, 20)
  await (await watch(it, chain)).stop()
  const spoil = (set: string, part: string): Promise<unknown> =>
    sqlOn(it.databaseUrl, `UPDATE snapshots SET ${set} WHERE part = '${part}'`)
  await spoil(`state = 'no gzip', digest = encode(sha256('no gzip'), 'hex')`, 'option-abuse')
  await spoil(`state = 'bit rot'`, 'drain')
  await spoil('version = 99', 'perp-abuse')
  await spoil(`fit = 'other'`, 'signature')
  await launchAttack(it.at, it.anvil.url, { kind: 'option', rounds: 1 })
  const second = await watch(it, chain)
  const forgotten = second.notices().find(({ code }) => code === 'states-forgotten')
  expect(forgotten?.message).toMatch(/option-abuse: its bytes cannot be read/)
  expect(forgotten?.message).toMatch(/drain: its bytes have changed since they were kept/)
  expect(forgotten?.message).toMatch(/perp-abuse: its state is of version 99, this Cordon has 1/)
  expect(forgotten?.message).toMatch(/signature: its options or the protected contracts changed/)
  expect(severitiesOf(second)).toContain('critical')
})

test('a clean stop keeps what is final; going on tells nothing twice and counts nothing twice', async () => {
  const it = await ground()
  await mine(it, 20)
  await launchAttack(it.at, it.anvil.url, { kind: 'reentrancy', rounds: 1 })
  const first = await watch(it, { window: 4 })
  await first.stop()
  const second = await watch(it, { window: 4 })
  expect(codesOf(second)).toContain('states-restored')
  expect(second.blocks()).toEqual([])
  expect(severitiesOf(second)).toEqual([])
  const [before, after] = [first, second].map(
    ({ running }) => running.app.chains.get(it.at.chainId)?.assessor.traffic,
  )
  expect(after).toEqual(before)
})

test('nine blocks reorganised away while Cordon was down are walked back, and their incident is withdrawn', async () => {
  const it = await ground()
  await mine(it, 5)
  await launchAttack(it.at, it.anvil.url, { kind: 'reentrancy', rounds: 1 })
  await mine(it, 8)
  const first = await watch(it)
  const head = Math.max(...first.blocks())
  await first.stop()
  await it.node.request('anvil_reorg', [9, []])
  await mine(it, 1)
  const second = await watch(it)
  const reorgs = second.events.filter(({ type }) => type === 'reorg')
  expect(reorgs).toMatchObject([{ ancestor: head - 9, removed: 9 }])
  expect(second.blocks()).toEqual(Array.from({ length: 10 }, (_, i) => head - 8 + i))
  expect(codesOf(second)).not.toContain('reorg-beyond-window')
  const incidents = await listIncidents(second.running.app.store)
  expect(incidents.map(({ state }) => state)).toEqual(['withdrawn'])
})

test('history is learned before anything is judged, with what it holds of old attacks on record as old', async () => {
  const it = await ground()
  await mine(it, 10)
  await launchAttack(it.at, it.anvil.url, { kind: 'reentrancy', rounds: 1 })
  await mine(it, 30)
  const watching = await watch(it, { learn: { fromBlock: 0 }, window: 4 })
  const head = Math.max(...watching.blocks())
  expect(watching.blocks()).toEqual([head])
  expect(codesOf(watching).slice(0, 2)).toEqual(['learning', 'learned'])
  expect(watching.notices()[0]?.facts).toMatchObject({
    detectors: ['activity', 'invariants', 'preparation'],
    to: head - 1,
  })
  const { store } = watching.running.app
  const [incident] = await listIncidents(store)
  expect(incident).toMatchObject({ foundLate: true, severity: 'critical' })
  // after learning, or after the newest block was judged as well: the edge of the window either way
  expect([head - 4, head - 3]).toContain((await findSnapshot(store, it.at.chainId))?.final.number)
  expect(await findCursor(store, it.at.chainId)).toMatchObject({ first: 0 })
})

test('what was learned is what the attack is told by', async () => {
  const it = await ground()
  await mine(it, 3)
  const watching = await watch(it, { learn: { blocks: 100 } })
  await launchAttack(it.at, it.anvil.url, { kind: 'option', rounds: 1 })
  await expect.poll(() => severitiesOf(watching), { timeout: 20_000 }).toContain('critical')
})

test('blocks that people left out are not read, and who left them out is told at the next start', async () => {
  const it = await ground()
  const first = await watch(it)
  const last = Math.max(...first.blocks())
  const named = { author: 'Ada', reason: 'lost', movedAt: 1 }
  await insertCursorMove(first.running.app.store, {
    chainId: it.at.chainId,
    from: last + 1,
    to: last + 6,
    ...named,
  })
  await first.stop()
  await mine(it, 8)
  const second = await watch(it)
  expect(second.blocks()).toEqual([last + 6, last + 7, last + 8])
  expect(second.notices().find(({ code }) => code === 'cursor-moved')?.message).toBe(
    `Blocks ${last + 1} to ${last + 5} are skipped and were never inspected: Ada moved the cursor (lost).`,
  )
  await second.stop()
  expect(codesOf(await watch(it))).not.toContain('cursor-moved')
  await expect(sqlOn(it.databaseUrl, `UPDATE cursor_moves SET author = 'Eve'`)).rejects.toThrow()
})
