/**
 * The pending race: an attack waits in the pool, Cordon simulates it and sends a pause that pays more. Each run has its
 * own chain, protocol and Cordon; blocks come every second, and the attack is sent at a random moment between two, with
 * random fees. If it lands anyway the attacker continues, one transaction per block. In addition to the drill's three
 * attacks there are two that do not revert when paused (`contracts/forensics/Evasions.sol`). Prints how often the pause
 * was ahead in the same block, the saved share of the value, and the speed of Cordon.
 *
 * npm run build && node dist/bench/mempool-race.js [--runs 50] [--seed 1] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startApp } from '../src/app/start.ts'
import type { Endpoint } from '../src/chain/rpc/endpoint.ts'
import { createEndpoint } from '../src/chain/rpc/endpoint.ts'
import { startAnvil } from '../src/chain/sandbox/anvil.ts'
import { addressOf } from '../src/drills/accounts.ts'
import { launchAttack, sendAttackOnce } from '../src/drills/attacks.ts'
import { drillConfig } from '../src/drills/config.ts'
import { deployDrill } from '../src/drills/deploy.ts'
import type { DrillDeployment } from '../src/drills/deployment.ts'
import { fundsAtRisk } from '../src/drills/funds.ts'
import { runTraffic } from '../src/drills/traffic.ts'
import { silentLogger } from '../src/kit/logger.ts'
import type { AttackKind } from '../src/model/attack-kind.ts'
import { attackKinds } from '../src/model/attack-kind.ts'
import type { Address, Hash } from '../src/model/hex.ts'
import { createHub } from '../src/notify/hub.ts'
import { dataOf, deploy, sendFrom } from '../test/harness/attack-mix/send.ts'
import { quantile } from './quantile.ts'
import { randomFrom } from './random.ts'

const BLOCK_MS = 1_000
const GWEI = 1_000_000_000
/** The attacker's tip, gwei: from the usual tip to one that outbids most. */
const TIPS = { least: 1, most: 200 }

/** Attacks by people who know that they are simulated: both catch inner failures, one also checks its gas price. */
const evasions = ['quiet', 'priced'] as const
type Evasion = (typeof evasions)[number]
type RaceAttack = AttackKind | Evasion
const raceAttacks: readonly RaceAttack[] = [...attackKinds, ...evasions]

const isEvasion = (attack: RaceAttack): attack is Evasion => evasions.some((one) => one === attack)

type Outcome = {
  attack: RaceAttack
  /** Milliseconds left to the next block when the attack was sent. */
  leftMs: number
  tipGwei: number
  /** Milliseconds from sending the attack to Cordon’s broadcast; null if it never came. */
  broadcastMs: number | null
  /** The part of it from Cordon’s first finding on: record, playbook, page, plan, simulate, sign, keep, send. */
  findingToBroadcastMs: number | null
  result: 'pause first, nothing taken' | 'attack first' | 'pause later'
  /** Share of the amount that the attack could take, at the end. */
  savedShare: number
}

type Drawn = { attack: RaceAttack; offsetMs: number; tipGwei: number }

async function race(drawn: Drawn): Promise<Outcome> {
  const anvil = await startAnvil({ mining: { kind: 'manual' } })
  const endpoint = createEndpoint(anvil.url)
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-race-'))
  try {
    const deployment = await deployDrill(anvil.url)
    await runTraffic(deployment, anvil.url, { rounds: 2, seed: 1 })
    const args = [deployment.ethReserve]
    const evil = isEvasion(drawn.attack)
      ? await deploy(endpoint, 'reentrancyAttacker', { name: 'FlawEvasions', args, value: 10n ** 18n })
      : null
    return await withCordon({ deployment, endpoint, rpcUrl: anvil.url, drawn, dataDir, evil })
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
  drawn: Drawn
  dataDir: string
  /** The attacker's contract if the attack is not one of the drill's. */
  evil: Address | null
}

async function withCordon(stage: Stage): Promise<Outcome> {
  const { deployment, endpoint, rpcUrl, dataDir, drawn } = stage
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
    await new Promise((resolve) => setTimeout(resolve, drawn.offsetMs))
    const { attack, tipGwei, offsetMs } = drawn
    const before = await stakeOf(stage)
    sentAt = performance.now()
    const hash = await sendOnce(stage)
    const result = await resultOf(stage, { hash, before })
    if (!result.startsWith('pause first')) await goOn(stage)
    const savedShare = Number(((await stakeOf(stage)) * 10_000n) / before) / 10_000
    return {
      attack,
      leftMs: BLOCK_MS - offsetMs,
      tipGwei,
      broadcastMs,
      findingToBroadcastMs,
      result,
      savedShare,
    }
  } finally {
    await running.stop()
  }
}

/** One transaction of the attack, with its tip. */
async function sendOnce({ deployment, rpcUrl, endpoint, drawn, evil }: Stage): Promise<Hash> {
  const { attack, tipGwei } = drawn
  const maxPriorityFeePerGas = BigInt(Math.round(tipGwei * GWEI))
  if (!isEvasion(attack)) return sendAttackOnce(deployment, rpcUrl, { kind: attack, maxPriorityFeePerGas })
  const data = dataOf('FlawEvasions', attack, [3n])
  return sendFrom(endpoint, 'reentrancyAttacker', { to: evil, data, tip: tipGwei })
}

/** Repeats an attack that succeeded once, one transaction per block, until it takes nothing. */
async function goOn(stage: Stage): Promise<void> {
  const { deployment, rpcUrl, drawn } = stage
  const { attack, tipGwei } = drawn
  const maxPriorityFeePerGas = BigInt(Math.round(tipGwei * GWEI))
  if (!isEvasion(attack)) {
    await launchAttack(deployment, rpcUrl, { kind: attack, maxPriorityFeePerGas })
    return
  }
  for (let round = 0; round < 12; round++) {
    const before = await stakeOf(stage)
    if ((await resultOf(stage, { hash: await sendOnce(stage), before })).startsWith('pause first')) return
  }
}

/** The amount that the attack can still take, base units. */
async function stakeOf({ deployment, rpcUrl, drawn }: Stage): Promise<bigint> {
  const funds = await fundsAtRisk(deployment, rpcUrl)
  const kind = isEvasion(drawn.attack) ? 'reentrancy' : drawn.attack
  return funds.find(({ attack }) => attack === kind)?.amount ?? 0n
}

type Sent = { hash: Hash; before: bigint }

/** The result once the attack is mined: it took nothing, or it won in a block with the pause, or before the pause. */
async function resultOf(stage: Stage, { hash, before }: Sent): Promise<Outcome['result']> {
  const { endpoint, drawn } = stage
  for (;;) {
    const receipt = (await endpoint.request('eth_getTransactionReceipt', [hash])) as Receipt | null
    if (receipt !== null) {
      const pauses = Number(
        await endpoint.request('eth_getTransactionCount', [addressOf('guardian'), receipt.blockNumber]),
      )
      const isQuiet = isEvasion(drawn.attack) && (await stakeOf(stage)) === before
      if (receipt.status === '0x0' || isQuiet) return 'pause first, nothing taken'
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
  options: {
    runs: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const random = randomFrom(Number(values.seed))
const outcomes: Outcome[] = []
for (let i = 0; i < Number(values.runs); i++) {
  const drawn: Drawn = {
    attack: raceAttacks[i % raceAttacks.length] ?? 'option',
    offsetMs: Math.floor(random() * BLOCK_MS),
    // evenly over the orders of magnitude
    tipGwei: TIPS.least * (TIPS.most / TIPS.least) ** random(),
  }
  const outcome = await race(drawn)
  outcomes.push(outcome)
  if (!values.json) process.stdout.write(`${lineOf(outcome, i)}\n`)
}

function lineOf({ attack, leftMs, tipGwei, broadcastMs, result, savedShare }: Outcome, i: number): string {
  const broadcast = broadcastMs === null ? 'none' : `${Math.round(broadcastMs)} ms`
  const saved = `${(savedShare * 100).toFixed(1)} % saved`
  return `${String(i + 1).padStart(3)} ${attack.padEnd(10)} tip ${tipGwei.toFixed(1).padStart(5)} gwei, sent ${String(leftMs).padStart(4)} ms before the block; broadcast after ${broadcast}: ${result}, ${saved}`
}

const times = outcomes.flatMap(({ broadcastMs }) => broadcastMs ?? [])
const responses = outcomes.flatMap(({ findingToBroadcastMs }) => findingToBroadcastMs ?? [])
const summary = {
  runs: outcomes.length,
  pauseFirst: outcomes.filter(({ result }) => result.startsWith('pause first')).length,
  savedShare: outcomes.reduce((sum, { savedShare }) => sum + savedShare, 0) / outcomes.length,
  attackSentToBroadcastMs: { p50: quantile(times, 0.5), p99: quantile(times, 0.99) },
  findingToBroadcastMs: { p50: quantile(responses, 0.5), p99: quantile(responses, 0.99) },
}
process.stdout.write(
  values.json
    ? `${JSON.stringify(summary)}\n`
    : `\npause first in ${summary.pauseFirst} of ${summary.runs} runs; ${(summary.savedShare * 100).toFixed(1)} % of the value saved on average\nattack sent → pause broadcast: ${described(summary.attackSentToBroadcastMs)}\nfinding → pause broadcast: ${described(summary.findingToBroadcastMs)}\n`,
)
