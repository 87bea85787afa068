import { randomFrom } from '../../../bench/random.ts'
import { createEndpoint } from '../../../src/chain/rpc/endpoint.ts'
import { addressOf } from '../../../src/drills/accounts.ts'
import { systemClock } from '../../../src/kit/clock.ts'
import type { Address } from '../../../src/model/hex.ts'
import { findCursor } from '../../../src/store/cursors.ts'
import { listIncidents } from '../../../src/store/incidents.ts'
import { type FaultProxy, startFaultProxy } from '../faults/proxy.ts'
import { head, type Stage, stage } from '../stage.ts'
import { drawTrouble, type Trouble } from './faults.ts'
import { judgeMix, type MixVerdict, unpausesOf } from './judge.ts'
import { moves } from './moves.ts'
import { isPaused, type Mix, permitting, putUp, reserveOf } from './scene.ts'
import { deploy, sendFrom } from './send.ts'

/*
 * Attacks of `shared/adversary/` in the same minutes as faults of the node, restarts and a reorg: a reserve with a flaw and one
 * without, both protected, both under an authorisation that lets Cordon act.
 */

const TURNS = 14
const MOST_REOPENED = 2
/** Blocks without a fault in which all must come to its end. */
const CALM_BLOCKS = 80
/** How long Cordon is given after them to finish its work, milliseconds: a loaded machine is no fault of it. */
const PATIENCE_MS = 120_000
/** How long Cordon is given for a block while the node has a fault, milliseconds. */
const HURRY_MS = 1_500

/** One run: all moves and faults follow from the seed, their order against Cordon's work does not. */
export async function runMix(seed: number): Promise<MixVerdict> {
  const random = randomFrom(seed)
  let proxy: FaultProxy | undefined
  let honest: Address | undefined
  const it = await stage(async (config, at, installation) => {
    const url = config.chains[0]?.rpcUrls[0] ?? ''
    const node = createEndpoint(url)
    honest = await deploy(node, 'deployer', { name: 'HonestReserve', args: [addressOf('guardian')] })
    await node.close()
    proxy = await startFaultProxy(url)
    return permitting(config, { at, honest, installation, rpcUrl: proxy.url })
  })
  if (proxy === undefined || honest === undefined) throw new Error('the stage was configured')
  try {
    const mix = await putUp({ seed, it, honest })
    const before = await reserveOf(mix)
    await play(mix, { proxy, random })
    proxy.use(null)
    await calmDown(mix)
    return await judgeMix(mix, { before })
  } finally {
    await it.running.stop()
    await proxy.stop()
  }
}

type Playing = { proxy: FaultProxy; random: () => number }

async function play(mix: Mix, { proxy, random }: Playing): Promise<void> {
  const { it } = mix
  // of its own: how often a fault asks depends on the pace
  const trouble = drawTrouble(randomFrom(mix.seed ^ 0x5eed), TURNS)
  const names = Object.keys(moves)
  let reopened = 0
  for (let turn = 0; turn < TURNS; turn++) {
    proxy.use(trouble.faultIn(turn))
    const wanted = random() < 0.25 ? 0 : random() < 0.7 ? 1 : 2
    for (let n = 0; n < wanted; n++) await make(mix, names[Math.floor(random() * names.length)] ?? '01 plain')
    await it.node.request('evm_mine', [])
    await followed(it, trouble, turn)
    if (trouble.reorgAt === turn) await reorg(mix, 1 + Math.floor(random() * 2))
    if (trouble.restartAt === turn) {
      mix.moves.push('(restart)')
      await it.restart()
    }
    const isWanted = random() < 0.3
    if (isWanted && reopened < MOST_REOPENED && (await isPaused(mix, it.at.ethReserve))) {
      reopened++
      mix.moves.push('(the owner unpauses)')
      await sendFrom(it.node, 'deployer', { to: it.at.ethReserve, data: '0x3f4ba83a' })
    }
  }
}

async function make(mix: Mix, name: string): Promise<void> {
  mix.moves.push(name)
  await moves[name]?.(mix)
}

async function reorg(mix: Mix, depth: number): Promise<void> {
  const before = await unpausesOf(mix)
  mix.moves.push(`(reorg of ${depth})`)
  await mix.it.node.request('anvil_reorg', [depth, []])
  mix.unpausesLost += before - (await unpausesOf(mix))
}

/** The block is on record, or was given its time where the node has a fault. */
async function followed(it: Stage, trouble: Trouble, turn: number): Promise<void> {
  const until = systemClock.now() + (trouble.faultIn(turn) === null ? 10 * HURRY_MS : HURRY_MS)
  const wanted = await head(it.node)
  const reached = async () => (await findCursor(it.running.app.store, it.at.chainId))?.processed?.number ?? -1
  while ((await reached()) < wanted && systemClock.now() < until) await systemClock.sleep(20)
  // a block of a real chain takes longer than reading it: what Cordon begins for this one gets some of that
  await systemClock.sleep(200)
}

/** One more attack where the reserve is open, then blocks until it is paused and nothing is under way. */
async function calmDown(mix: Mix): Promise<void> {
  const { it } = mix
  await it.node.request('evm_mine', [])
  if (!(await isPaused(mix, it.at.ethReserve))) await make(mix, '01 plain')
  for (let n = 0; n < CALM_BLOCKS; n++) {
    await it.node.request('evm_mine', [])
    await systemClock.sleep(250)
    if (n > 10 && (await isPaused(mix, it.at.ethReserve)) && (await isSettled(mix))) return
  }
  const until = systemClock.now() + PATIENCE_MS
  while (!(await isSettled(mix)) && systemClock.now() < until) await systemClock.sleep(250)
}

async function isSettled({ it }: Mix): Promise<boolean> {
  const incidents = await listIncidents(it.running.app.store, { states: ['open'] })
  return incidents.every(({ protected: targets }) => !targets.includes(it.at.ethReserve))
}
