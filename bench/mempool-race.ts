/**
 * The pending race: an attack waits in the pool, Cordon simulates it and sends a pause that pays more.
 * Each run has a chain, a protocol and a Cordon of its own; blocks come every second and the attack is sent at a
 * random moment between two. Says how often the pause came first, and how fast Cordon was.
 *
 * npm run build && node dist/bench/mempool-race.js [--runs 20] [--json]
 */
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addressOf } from '../src/app/drill/accounts.ts'
import { sendAttackOnce } from '../src/app/drill/attacks.ts'
import { drillConfig } from '../src/app/drill/config.ts'
import { deployDrill } from '../src/app/drill/deploy.ts'
import type { DrillDeployment } from '../src/app/drill/deployment.ts'
import type { AttackKind } from '../src/app/drill/kinds.ts'
import { attackKinds } from '../src/app/drill/kinds.ts'
import { runTraffic } from '../src/app/drill/traffic.ts'
import { createHub } from '../src/app/events.ts'
import { startApp } from '../src/app/start.ts'
import { startAnvil } from '../src/chain/anvil.ts'
import type { Endpoint } from '../src/chain/rpc/endpoint.ts'
import { createEndpoint } from '../src/chain/rpc/endpoint.ts'
import { silentLogger } from '../src/kit/logger.ts'
import type { Hash } from '../src/model/hex.ts'
import { quantile } from './quantile.ts'

const BLOCK_MS = 1_000

type Outcome = {
  attack: AttackKind
  /** Milliseconds left to the next block when the attack was sent. */
  leftMs: number
  /** Milliseconds from sending the attack to Cordon’s broadcast; null if it never came. */
  broadcastMs: number | null
  /** The part of it from Cordon’s first finding on: record, playbook, page, plan, simulate, sign, keep, send. */
  findingToBroadcastMs: number | null
  result: 'pause first, attack reverted' | 'attack first' | 'pause later'
}

async function race(attack: AttackKind): Promise<Outcome> {
  const anvil = await startAnvil({ mining: { kind: 'manual' } })
  const endpoint = createEndpoint(anvil.url)
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-race-'))
  try {
    const deployment = await deployDrill(anvil.url)
    await runTraffic(deployment, anvil.url, { rounds: 2, seed: 1 })
    return await withCordon({ deployment, endpoint, rpcUrl: anvil.url, attack, dataDir })
  } finally {
    await endpoint.close()
    await anvil.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

type Stage = {
  deployment: DrillDeployment
  endpoint: Endpoint
  rpcUrl: string
  attack: AttackKind
  dataDir: string
}

async function withCordon(stage: Stage): Promise<Outcome> {
  const { deployment, endpoint, rpcUrl, dataDir, attack } = stage
  const now = Math.floor(Date.now() / 1000)
  const made = await drillConfig({
    deployment,
    rpcUrl,
    dataDir,
    apiPort: 0,
    respond: true,
    mempool: true,
    now,
  })
  const hub = createHub()
  let sentAt = 0
  let foundAt = Number.NaN
  let broadcastMs: number | null = null
  let findingToBroadcastMs: number | null = null
  hub.listen((event) => {
    const isSent = event.type === 'timeline' && event.kind === 'broadcast' && event.message.startsWith('Sent')
    if (event.type === 'finding' && event.pending && Number.isNaN(foundAt)) foundAt = performance.now()
    if (!isSent || broadcastMs !== null) return
    broadcastMs = performance.now() - sentAt
    findingToBroadcastMs = performance.now() - foundAt
  })
  const ready = new Promise<void>((resolve) => {
    hub.listen((event) => {
      if (event.type === 'block' && event.blockNumber >= deployment.readyBlock + 8) resolve()
    })
  })
  const running = await startApp({
    ...made,
    env: {},
    logger: silentLogger,
    hub,
    write: () => {},
    kind: 'drill',
  })
  try {
    await ready
    await endpoint.request('evm_setIntervalMining', [BLOCK_MS / 1000])
    const offset = randomInt(0, BLOCK_MS)
    await new Promise((resolve) => setTimeout(resolve, offset))
    sentAt = performance.now()
    const hash = await sendAttackOnce(deployment, rpcUrl, { kind: attack })
    const result = await resultOf(endpoint, hash)
    return { attack, leftMs: BLOCK_MS - offset, broadcastMs, findingToBroadcastMs, result }
  } finally {
    await running.stop()
  }
}

/** The attack failed in a block in which the guardian was already heard; or it went through. */
async function resultOf(endpoint: Endpoint, hash: Hash): Promise<Outcome['result']> {
  for (;;) {
    const receipt = (await endpoint.request('eth_getTransactionReceipt', [hash])) as Receipt | null
    if (receipt !== null) {
      const pauses = Number(
        await endpoint.request('eth_getTransactionCount', [addressOf('guardian'), receipt.blockNumber]),
      )
      if (receipt.status === '0x0') return 'pause first, attack reverted'
      return pauses > 0 ? 'attack first' : 'pause later'
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

type Receipt = { status: string; blockNumber: string }

function described({ p50, p99 }: { p50: number; p99: number }): string {
  return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`
}

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
})
const outcomes: Outcome[] = []
for (let i = 0; i < Number(values.runs); i++) {
  const outcome = await race(attackKinds[i % attackKinds.length] ?? 'option')
  outcomes.push(outcome)
  if (!values.json) {
    const broadcast = outcome.broadcastMs === null ? 'none' : `${Math.round(outcome.broadcastMs)} ms`
    process.stdout.write(
      `${String(i + 1).padStart(3)} ${outcome.attack.padEnd(10)} sent ${String(outcome.leftMs).padStart(4)} ms before the block; broadcast after ${broadcast}: ${outcome.result}\n`,
    )
  }
}
const times = outcomes.flatMap(({ broadcastMs }) => broadcastMs ?? [])
const responses = outcomes.flatMap(({ findingToBroadcastMs }) => findingToBroadcastMs ?? [])
const summary = {
  runs: outcomes.length,
  pauseFirst: outcomes.filter(({ result }) => result.startsWith('pause first')).length,
  attackSentToBroadcastMs: { p50: quantile(times, 0.5), p99: quantile(times, 0.99) },
  findingToBroadcastMs: { p50: quantile(responses, 0.5), p99: quantile(responses, 0.99) },
}
process.stdout.write(
  values.json
    ? `${JSON.stringify(summary)}\n`
    : `\npause first in ${summary.pauseFirst} of ${summary.runs} runs\nattack sent → pause broadcast: ${described(summary.attackSentToBroadcastMs)}\nfinding → pause broadcast: ${described(summary.findingToBroadcastMs)}\n`,
)
