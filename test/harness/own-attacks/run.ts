import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex, toHex } from 'viem'
import { type RunningApp, startApp } from '../../../src/app/start.ts'
import { addressOf, drillAccount } from '../../../src/drills/accounts.ts'
import { assert } from '../../../src/kit/assert.ts'
import { messageOf } from '../../../src/kit/error.ts'
import { silentLogger } from '../../../src/kit/logger.ts'
import { type Config, configSchema } from '../../../src/model/config.ts'
import type { Hex } from '../../../src/model/hex.ts'
import type { Incident } from '../../../src/model/incident.ts'
import { openAuthorisationDesk } from '../../../src/respond/alone/authorisation-desk.ts'
import { findCursor } from '../../../src/store/cursors.ts'
import { listIncidents } from '../../../src/store/incidents.ts'
import type { Replaced } from '../authority-key.ts'
import { ordinaryBlock, told } from '../wild.ts'
import { act, attacker, held, type OwnAttack, type Purse, receiptOf, send } from './attack.ts'
import { openScene, type Scene } from './scene.ts'

/*
 * An attack of our own on a fork of real contracts, with the whole of Cordon watching as it is shipped, under an authorisation that the
 * code of `cordon levers authorize` drew up, signed and kept.
 */

export type OwnOutcome = {
  purse: Purse
  severity: Incident['severity'] | null
  state: Incident['state'] | null
  /** The acts that `levers authorize` allows without people, or why it could not be made. */
  authorised: string[]
  pulled: { signature: string; blocks: number } | null
  /** Stolen by the attack, and by the second one that was sent when the pull was seen, in units of the purse. */
  taken: { first: bigint; second: bigint }
  /** The same where nobody steps in. */
  alone: { first: bigint; second: bigint }
  said: string[]
  because: string[]
  replaced: Replaced[]
}

export type RunOptions = {
  /** How long a block waits for the pull before it is mined without. */
  patienceMs?: number
  /** Blocks after the attack that are waited for. */
  blocks?: number
}

const guardian = addressOf('guardian')
const KEY = 'WILD_GUARDIAN_KEY'

export async function runOwnAttack(own: OwnAttack, options: RunOptions = {}): Promise<OwnOutcome> {
  const scene = await openScene(own, guardian)
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-own-'))
  let running: RunningApp | undefined
  try {
    const { rpc, moves, purse, replaced } = scene
    await ordinaryBlock(scene)
    const alone = await whenAlone(scene)
    const config = configFor(scene, dataDir)
    const env = { [KEY]: guardianKey() }
    const authorised = await authorise(config, env)
    running = await startApp({ config, env, logger: silentLogger, write: () => {} })
    await isWatching({ scene, running })
    await act(rpc, attacker, moves.attack)
    const outcome = await followed({ scene, running }, options)
    return { ...outcome, purse, authorised, alone, replaced: [...replaced] }
  } finally {
    await running?.stop()
    await scene.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Both moves, one after the other, on a chain where nobody steps in: what they take is what is to be saved. */
async function whenAlone({ rpc, purse, moves: { attack, again } }: Scene) {
  const snapshot = await rpc.request('evm_snapshot', [])
  const before = await held(rpc, purse)
  await act(rpc, attacker, attack)
  const between = await held(rpc, purse)
  await act(rpc, attacker, again)
  const after = await held(rpc, purse)
  await rpc.request('evm_revert', [snapshot])
  return { first: before - between, second: between - after }
}

/** As shipped, but for who and what: no option of detection, decision or response is set. */
function configFor({ chainId, name, url, fromBlock, protect }: Scene, dataDir: string): Config {
  return configSchema.parse({
    chains: [{ chainId, name, rpcUrls: [url], fromBlock, pollMs: 50 }],
    protect: protect.map((address, i) => ({ address, name: `${name}-${i + 1}` })),
    roles: { guardian: [{ name: 'guardian', address: guardian, channels: ['console'] }] },
    signers: [{ env: KEY }],
    dataDir,
    api: { port: 0 },
  })
}

function guardianKey(): Hex {
  const { privateKey } = drillAccount('guardian').getHdKey()
  assert(privateKey !== null, 'a drill account has a private key')
  return bytesToHex(privateKey)
}

/** As `cordon levers authorize` does it. Where nothing may be done alone, people decide, and the attack is run all the same. */
async function authorise(config: Config, env: Readonly<Record<string, string>>): Promise<string[]> {
  const desk = await openAuthorisationDesk({ config, env, logger: silentLogger })
  try {
    const draft = await desk.draft({ targets: [], functions: [], forMs: 86_400_000 })
    const signed = await desk.sign(draft, undefined)
    assert(signed !== undefined, 'the guardian may sign')
    await desk.keep(signed)
    return draft.words
  } catch (thrown) {
    return [messageOf(thrown)]
  } finally {
    await desk.close()
  }
}

type Followed = { scene: Scene; running: RunningApp }

async function followed(
  { scene, running }: Followed,
  { patienceMs = 12_000, blocks = 8 }: RunOptions,
): Promise<Omit<OwnOutcome, 'purse' | 'authorised' | 'alone' | 'replaced'>> {
  const { rpc, purse, moves } = scene
  const { store } = running.app
  const attackBlock = Number(await rpc.request('eth_blockNumber', []))
  const start = await heldAt(scene, attackBlock - 1)
  const afterFirst = await held(rpc, purse)
  let second: Hex | undefined
  for (let i = 0; i < blocks; i++) {
    const isLast = i === blocks - 1
    if (second === undefined) {
      const isPulled = await until(() => isInPool(scene), patienceMs)
      // ordered behind the pull by its fee, as a block would
      if (isPulled || isLast)
        second = await send(rpc, attacker, { ...moves.again, fees: await leastFees(scene) })
    } else await until(() => isContained(running), patienceMs / 4)
    await rpc.request('evm_mine', [])
    if (second !== undefined && (await receiptOf(rpc, second)) !== null && (await isContained(running))) break
  }
  const afterSecond = await held(rpc, purse)
  return {
    ...(await told(store, attackBlock)),
    taken: { first: start - afterFirst, second: afterFirst - afterSecond },
  }
}

/** Until everything that is mined is judged, three ordinary blocks long. */
async function isWatching({ scene, running }: Followed): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await ordinaryBlock(scene)
    const head = Number(await scene.rpc.request('eth_blockNumber', []))
    const isJudged = async (): Promise<boolean> => {
      const cursor = await findCursor(running.app.store, scene.chainId)
      return (cursor?.processed?.number ?? 0) >= head
    }
    assert(await until(isJudged, 120_000), 'what is mined is judged')
  }
}

async function heldAt({ rpc, purse }: Scene, block: number): Promise<bigint> {
  if (purse.token === null)
    return BigInt(String(await rpc.request('eth_getBalance', [purse.holder, toHex(block)])))
  const data = `0x70a08231${purse.holder.slice(2).padStart(64, '0')}`
  return BigInt(String(await rpc.request('eth_call', [{ to: purse.token, data }, toHex(block)])))
}

async function isInPool({ rpc }: Scene): Promise<boolean> {
  const { pending } = (await rpc.request('txpool_content', [])) as { pending: Record<string, object> }
  return Object.keys(pending).some((sender) => sender.toLowerCase() === guardian)
}

async function leastFees({ rpc }: Scene): Promise<{ most: bigint; tip: bigint }> {
  const { baseFeePerGas } = (await rpc.request('eth_getBlockByNumber', ['latest', false])) as {
    baseFeePerGas: Hex
  }
  const tip = 1n
  return { most: (BigInt(baseFeePerGas) * 9n) / 8n + tip, tip }
}

async function isContained({ app }: RunningApp): Promise<boolean> {
  const states = (await listIncidents(app.store)).map(({ state }) => state)
  return states.length > 0 && states.every((state) => state === 'contained')
}

async function until(holds: () => Promise<boolean>, patienceMs: number): Promise<boolean> {
  const end = Date.now() + patienceMs
  while (Date.now() < end) {
    if (await holds()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}
