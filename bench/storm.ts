/**
 * A storm: attacks on many protected contracts within a minute, through the real watcher, with a real PostgreSQL
 * (durable) and a real EVM node that mines one block per second. The findings are synthetic (one per marked
 * transaction, no contract twice); everything behind them is as in production: incidents, evidence, playbooks with
 * containment plans and people who do not answer.
 *
 * npm run build && node dist/bench/storm.js [--attacks 1000] [--seconds 60] [--no-respond] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { z } from 'zod'
import { startApp } from '../src/app/start.ts'
import { createEndpoint } from '../src/chain/rpc/endpoint.ts'
import { startAnvil } from '../src/chain/sandbox/anvil.ts'
import { drillConfig } from '../src/drills/config.ts'
import { deployDrill } from '../src/drills/deploy.ts'
import { systemClock } from '../src/kit/clock.ts'
import { sha256 } from '../src/kit/json.ts'
import { silentLogger } from '../src/kit/logger.ts'
import type { Detector } from '../src/model/detector.ts'
import type { Finding } from '../src/model/finding.ts'
import type { Address, Hash } from '../src/model/hex.ts'
import { createHub } from '../src/notify/hub.ts'
import { startEmbeddedPostgres } from '../src/store/embedded/embedded.ts'
import { openStore } from '../src/store/store.ts'
import { quantile } from './quantile.ts'

const { values } = parseArgs({
  options: {
    attacks: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    patience: { type: 'string', default: '1200' },
    respond: { type: 'boolean', default: true },
    json: { type: 'boolean', default: false },
  },
  allowNegative: true,
})
const attacks = Number(values.attacks)
const seconds = Number(values.seconds)
const MARK = '0xa77ac4ed'

/** Reports an attack for every transaction that carries the mark; its receiver is the protected contract. */
const marked: Detector = {
  id: 'storm',
  title: 'Marked transactions',
  layer: 'pattern',
  needs: [],
  options: z.object({}),
  init: () => ({}),
  stateVersion: 1,
  snapshot: (state) => state,
  evaluate: ({ facts }) =>
    facts.bundle.transactions.flatMap((transaction): Finding[] => {
      if (!transaction.input.startsWith(MARK) || transaction.to === null) return []
      const { hash, to, from } = transaction
      const { chainId, number, hash: blockHash, pending } = facts.bundle
      return [
        {
          type: 'finding',
          shadow: false,
          fingerprint: sha256(`storm:${hash}`),
          detector: 'storm',
          ...{ chainId, blockNumber: number, blockHash, transactionHash: hash, pending },
          ...{ severity: 'critical', confidence: 0.99, categories: ['drain'] },
          ...{ protected: [to], victims: [to], actors: from === null ? [] : [from] },
          ...{ profit: [], loss: [{ account: to, asset: 'native', amount: 1n }] },
          evidence: [{ statement: 'It carries the mark.', frames: [0], amounts: [] }],
          message: `A marked transaction takes funds from ${to}.`,
        },
      ]
    }),
}

let queries = 0
const ask = pg.Client.prototype.query
pg.Client.prototype.query = function counted(this: pg.Client, ...args: Parameters<typeof ask>) {
  queries++
  return Reflect.apply(ask, this, args)
} as typeof ask

const dataDir = await mkdtemp(join(tmpdir(), 'cordon-storm-'))
const anvil = await startAnvil({ mining: { kind: 'manual' } })
const node = createEndpoint(anvil.url)
const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres'), logger: silentLogger })
const deployment = await deployDrill(anvil.url)
const senders = (await node.request('eth_accounts', [])) as Address[]
const targets = Array.from(
  { length: attacks },
  (_, n) => `0x${(0xdead0000n + BigInt(n)).toString(16).padStart(40, '0')}` as Address,
)
await clone(targets)

const made = await drillConfig({
  deployment,
  rpcUrl: anvil.url,
  dataDir,
  apiPort: 0,
  respond: values.respond,
  mempool: false,
  now: Math.floor(Date.now() / 1000),
})
const hub = createHub()
const seen = new Map<Hash, number>()
let pages = 0
hub.listen((event) => {
  if (event.type === 'finding' && event.detector === 'storm' && event.transactionHash !== null)
    if (!seen.has(event.transactionHash)) seen.set(event.transactionHash, Date.now())
})
const running = await startApp({
  ...made,
  env: { DATABASE_URL: postgres.url },
  logger: silentLogger,
  hub,
  write: () => {
    pages++
  },
})
const chain = running.app.chains.get(deployment.chainId)
if (chain === undefined) throw new TypeError('the drill chain is watched')
chain.engine.cells.push({ detector: marked, options: {}, state: {}, shadow: false })
chain.engine.checkpoint.push({})

const mined = new Map<Hash, number>()
const admin = await openStore({ url: postgres.url, logger: silentLogger, connections: 1 })
const count = async (sql: string): Promise<number> => Number((await admin.pool.query(sql)).rows[0]?.n)
const commitsNow = () =>
  count('SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()')
try {
  const commitsBefore = await commitsNow()
  const queriesBefore = queries
  const began = Date.now()
  const memory: number[] = []
  const waiting: number[] = []
  const watch = setInterval(() => {
    memory.push(process.memoryUsage().rss)
    waiting.push(chain.vitals.recording.waiting)
  }, 500)
  await storm()
  const stormed = Date.now() - began
  let recorded = 0
  let recordedAt = 0
  while (Date.now() - began < Number(values.patience) * 1_000) {
    recorded = await count('SELECT count(DISTINCT alert_hash) AS n FROM alerts')
    if (recorded >= attacks) {
      recordedAt = Date.now()
      break
    }
    await mine()
    await systemClock.sleep(1_000)
  }
  const took = (recordedAt || Date.now()) - began
  const commits = (await commitsNow()) - commitsBefore
  const asked = queries - queriesBefore
  const runsBegun = await count('SELECT count(*) AS n FROM runs')
  const settledAt = values.respond ? await untilWaiting(began) : 0
  const kept = await admin.pool.query(
    "SELECT document->>'transactionHash' AS hash, recorded_at AS at FROM alerts",
  )
  const recordLags = kept.rows.map(({ hash, at }) => Number(at) - (mined.get(hash) ?? began))
  const lags = [...mined].map(([hash, at]) => (seen.get(hash) ?? Date.now()) - at)
  const idle = values.respond ? await queriesWhileIdle() : { perSecond: 0, commitsPerSecond: 0 }
  clearInterval(watch)
  const incidents = await count('SELECT count(*) AS n FROM incidents')
  const doubled = await count('SELECT count(*) - count(DISTINCT alert_hash) AS n FROM alerts')
  report({
    attacks,
    recorded,
    incidents,
    doubled,
    runsBegun,
    stormSeconds: stormed / 1_000,
    secondsToRecordAll: took / 1_000,
    recordedAfterMsP50: quantile(recordLags, 0.5),
    recordedAfterMsMax: Math.max(...recordLags),
    commitsPerSecond: commits / (took / 1_000),
    queriesPerSecond: asked / (took / 1_000),
    seenAfterMsP50: quantile(lags, 0.5),
    seenAfterMsP99: quantile(lags, 0.99),
    seenAfterMsMax: Math.max(...lags),
    seenLate: lags.filter((lag) => lag > 2_000).length,
    mostWaiting: Math.max(...waiting),
    pages,
    secondsToAllWaiting: settledAt / 1_000,
    idleQueriesPerSecond: idle.perSecond,
    idleCommitsPerSecond: idle.commitsPerSecond,
    rssMbMax: Math.round(Math.max(...memory) / 1e6),
  })
} finally {
  await admin.pool.end()
  await running.stop()
  await anvil.stop()
  await postgres.stop()
  await rm(dataDir, { recursive: true, force: true })
}

/** The code and storage of the drill's reserve under other addresses: contracts that can be paused. */
async function clone(addresses: readonly Address[]): Promise<void> {
  const code = await node.request('eth_getCode', [deployment.ethReserve, 'latest'])
  const slots: [string, unknown][] = []
  for (let slot = 0; slot < 8; slot++) {
    const key = `0x${slot.toString(16).padStart(64, '0')}`
    slots.push([key, await node.request('eth_getStorageAt', [deployment.ethReserve, key, 'latest'])])
  }
  const filled = slots.filter(([, value]) => BigInt(String(value)) !== 0n)
  for (const address of addresses) {
    await node.request('anvil_setCode', [address, code])
    for (const [key, value] of filled) await node.request('anvil_setStorageAt', [address, key, value])
  }
}

async function mine(): Promise<void> {
  await node.request('evm_mine', [])
}

/** Sends the given number of marked transactions per block, one block per second. */
async function storm(): Promise<void> {
  let next = 0
  for (let second = 0; next < attacks; second++) {
    const due = Math.ceil((attacks * (second + 1)) / seconds)
    const turn = Date.now()
    const calls = targets.slice(next, due).map((to, n) => {
      const from = senders[(next + n) % senders.length]
      return { from, to, data: MARK, gas: '0x30000', value: '0x0' }
    })
    next += calls.length
    const inBlock = await Promise.all(calls.map((call) => node.request('eth_sendTransaction', [call])))
    await mine()
    for (const hash of inBlock) mined.set(hash as Hash, Date.now())
    await systemClock.sleep(Math.max(0, 1_000 - (Date.now() - turn)))
  }
}

/** Waits until every run asks people for something, or time is over; returns milliseconds since the storm began. */
async function untilWaiting(began: number): Promise<number> {
  const sql = `SELECT count(DISTINCT facts->>'runId') AS n FROM timeline WHERE message LIKE 'Step %pull-by-hand% waits %'`
  while (Date.now() - began < Number(values.patience) * 1_000) {
    if ((await count(sql)) >= attacks) return Date.now() - began
    await mine()
    await systemClock.sleep(2_000)
  }
  return Number.NaN
}

/** Measures while runs only wait for people. */
async function queriesWhileIdle(): Promise<{ perSecond: number; commitsPerSecond: number }> {
  await systemClock.sleep(5_000)
  const before = { queries, commits: await commitsNow(), at: Date.now() }
  await systemClock.sleep(40_000)
  const took = (Date.now() - before.at) / 1_000
  return {
    perSecond: (queries - before.queries) / took,
    commitsPerSecond: ((await commitsNow()) - before.commits) / took,
  }
}

function report(figures: Record<string, number>): void {
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`)
  else
    for (const [name, figure] of Object.entries(figures))
      process.stdout.write(`${name.padEnd(24)} ${Math.round(figure * 10) / 10}\n`)
}
