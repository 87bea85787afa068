import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningApp, startApp } from '../../src/app/start.ts'
import { authorisationTypedData } from '../../src/contain/approval/authorise.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import { relatedContracts } from '../../src/contain/planning/protocol.ts'
import { leversOfProtocol } from '../../src/contain/planning/protocol-levers.ts'
import { type SimulatedCall, simulateV1Sequencer } from '../../src/contain/trials/sequence.ts'
import { addressOf, drillAccount } from '../../src/drills/accounts.ts'
import { drillSigner } from '../../src/drills/team.ts'
import { silentLogger } from '../../src/kit/logger.ts'
import { type Config, configSchema } from '../../src/model/config.ts'
import type { StandingAuthorisation } from '../../src/model/containment.ts'
import type { Address, Hash, Hex } from '../../src/model/hex.ts'
import type { Incident } from '../../src/model/incident.ts'
import type { Lever } from '../../src/model/lever.ts'
import type { TimelineEntry } from '../../src/model/timeline.ts'
import { createHub } from '../../src/notify/hub.ts'
import { listAlerts } from '../../src/store/alerts.ts'
import { listIncidents } from '../../src/store/incidents.ts'
import type { Store } from '../../src/store/store.ts'
import { listTimeline } from '../../src/store/timeline.ts'
import { type Replaced, takeAuthority } from './authority-key.ts'
import { attackLabels } from './corpus.ts'
import { putUpAttack } from './real-attack.ts'
import { openStateFork, type StateFork } from './state-fork.ts'

/*
 * A recorded attack on a real protocol, mined on a fork of its real state, with a Cordon watching that has the guardian's key and
 * a standing authorisation. The account that may really pull the levers is replaced by a key of the test, in the contract's own slot.
 */

export type WildOutcome = {
  name: string
  /** The worst incident's severity; null where there is none. */
  severity: Incident['severity'] | null
  state: Incident['state'] | null
  /** Levers that the guardian's key could pull and that the authorisation covers. */
  levers: number
  /** The call that was sent, and how many blocks after the attack's it was mined; null where nothing was. */
  pulled: { signature: string; blocks: number } | null
  /** The findings of detection. */
  said: string[]
  /** Entries of the timeline that say why, in their order. */
  because: string[]
  replaced: Replaced[]
}

const guardian = addressOf('guardian')
const HOUR = 3_600

type Watched = { fork: StateFork; running: RunningApp; levers: readonly Lever[]; replaced: Replaced[] }

/** Runs one recorded attack. `blockMs` passes between blocks, `blocks` are waited for after the attack. */
export async function runWild(
  name: string,
  { blockMs = 2_000, blocks = 8 }: { blockMs?: number; blocks?: number } = {},
): Promise<WildOutcome | null> {
  const fork = await openStateFork(name, { as: 'copy', mining: { kind: 'manual' } })
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-wild-'))
  let running: RunningApp | undefined
  try {
    const { puppets } = await putUpAttack(fork)
    if (puppets === null) return null
    await fork.rpc.request('anvil_setBlockGasLimit', ['0x11e1a300'])
    const targets = attackLabels().find(({ id }) => id === name)?.vulnerableContracts ?? []
    const replaced = await replaceAuthorities(fork, { targets, attack: puppets.call })
    await ordinaryBlock(fork)
    const levers = await pullable(fork, targets)
    const watched = await watch(fork, { targets, levers, dataDir })
    running = watched
    const { call } = puppets
    await fork.rpc.request('anvil_impersonateAccount', [call.from])
    await fork.rpc.request('anvil_setBalance', [call.from, '0xd3c21bcecceda1000000'])
    const sent = {
      from: call.from,
      to: call.to,
      data: call.data,
      value: hex(call.value),
      gas: hex(call.gas ?? 0),
    }
    const hash = (await fork.rpc.request('eth_sendTransaction', [sent])) as Hash
    await fork.rpc.request('evm_mine', [])
    await isMined(fork, hash)
    return await followed({ fork, running: watched, levers, replaced }, { name, blockMs, blocks })
  } finally {
    await running?.stop()
    await fork.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

const hex = (value: bigint | number): string => `0x${value.toString(16)}`

async function isMined({ rpc }: StateFork, hash: Hash): Promise<void> {
  const receipt = (await rpc.request('eth_getTransactionReceipt', [hash])) as { status: string } | null
  if (receipt?.status !== '0x1')
    throw new Error(`the attack did not go through: ${receipt?.status ?? 'not mined'}`)
}

/**
 * The guardian in the place of each account that the protected contracts, and those that they ask, name as their authority: where the attack
 * goes through all the same, for some attacks need the real one.
 */
export async function replaceAuthorities(
  { rpc }: Pick<StateFork, 'rpc'>,
  { targets, attack }: { targets: readonly Address[]; attack: SimulatedCall },
): Promise<Replaced[]> {
  const block = Number(await rpc.request('eth_blockNumber', []))
  const goesThrough = async (): Promise<boolean> => {
    const [result] = await simulateV1Sequencer(rpc).run(block, [attack])
    return result?.succeeded === true
  }
  const related = await Promise.all(targets.map((target) => relatedContracts({ rpc, block, target })))
  const contracts = new Set([...targets, ...related.flat().map(({ address }) => address)])
  const replaced: Replaced[] = []
  for (const contract of contracts) {
    const taken = await takeAuthority(rpc, contract, guardian)
    if (taken.length > 0 && !(await goesThrough()))
      for (const { slot, before } of taken) await rpc.request('anvil_setStorageAt', [contract, slot, before])
    else replaced.push(...taken)
  }
  return replaced
}

/** Something that a node can be probed on. */
export async function ordinaryBlock({ rpc }: Pick<StateFork, 'rpc'>): Promise<void> {
  await rpc.request('anvil_setBalance', [guardian, '0xd3c21bcecceda1000000'])
  await rpc.request('anvil_impersonateAccount', [addressOf('saver')])
  await rpc.request('anvil_setBalance', [addressOf('saver'), '0xd3c21bcecceda1000000'])
  await rpc.request('eth_sendTransaction', [{ from: addressOf('saver'), to: guardian, value: '0x1' }])
  await rpc.request('evm_mine', [])
}

async function pullable(fork: StateFork, targets: readonly Address[]): Promise<Lever[]> {
  const { rpc, chainId } = fork
  const block = Number(await rpc.request('eth_blockNumber', []))
  const levers: Lever[] = []
  for (const target of targets) {
    const at = { rpc, chainId, target, block }
    levers.push(...(await discoverLevers(at)))
    levers.push(...(await leversOfProtocol(at, await relatedContracts(at))))
  }
  return levers.filter(({ kind, undo, maxDurationSeconds }) => {
    return (kind === 'pause' || kind === 'freeze') && (undo !== null || maxDurationSeconds !== null)
  })
}

type Watching = { targets: readonly Address[]; levers: readonly Lever[]; dataDir: string }

async function watch(fork: StateFork, { targets, levers, dataDir }: Watching): Promise<RunningApp> {
  const now = Math.floor(Date.now() / 1_000)
  const terms = {
    installation: null,
    chainId: fork.chainId,
    targets: [...new Set([...targets, ...levers.map(({ target }) => target)])],
    selectors: [...new Set(levers.map(({ calldata }) => calldata.slice(0, 10) as Hex))],
    maxActions: 20,
    validFrom: now - HOUR,
    validUntil: now + HOUR,
  }
  const signature = await drillAccount('guardian').signTypedData(authorisationTypedData(terms))
  const authorisation: StandingAuthorisation = { ...terms, signer: guardian, signature }
  const config: Config = configSchema.parse({
    chains: [
      {
        chainId: fork.chainId,
        name: fork.name,
        rpcUrls: [fork.anvil.url],
        fromBlock: fork.forkBlock + 1,
        pollMs: 50,
      },
    ],
    protect: targets.map((address, i) => ({ address, name: `${fork.name}-${i + 1}` })),
    roles: { guardian: [{ name: 'guardian', address: guardian, channels: ['console'] }] },
    channels: { console: { kind: 'console' } },
    authorisations: levers.length === 0 ? [] : [authorisation],
    respond: { enabled: true },
    dataDir,
    api: { port: 0 },
  })
  const hub = createHub()
  // a drill has no installation, so what the test signs needs none: all else is as in production
  return startApp({
    config,
    env: {},
    logger: silentLogger,
    write: () => {},
    kind: 'drill',
    hub,
    signers: [drillSigner('guardian')],
    people: false,
  })
}

type Following = { name: string; blockMs: number; blocks: number }

async function followed(
  { fork, running, levers, replaced }: Watched,
  { name, blockMs, blocks }: Following,
): Promise<WildOutcome> {
  const { store } = running.app
  const attackBlock = Number(await fork.rpc.request('eth_blockNumber', []))
  for (let i = 0; i < blocks; i++) {
    await new Promise((resolve) => setTimeout(resolve, blockMs))
    await fork.rpc.request('evm_mine', [])
    const states = (await listIncidents(store)).map(({ state }) => state)
    if (states.length > 0 && states.every((state) => state === 'contained')) break
  }
  return { name, levers: levers.length, replaced, ...(await told(store, attackBlock)) }
}

/** The outcome of an attack, from the record of a Cordon. */
export async function told(
  store: Store,
  attackBlock: number,
): Promise<Pick<WildOutcome, 'severity' | 'state' | 'pulled' | 'said' | 'because'>> {
  const incidents = await listIncidents(store)
  const entries: TimelineEntry[] = (
    await Promise.all(incidents.map(({ id }) => listTimeline(store, id)))
  ).flat()
  const alerts = (await Promise.all(incidents.map(({ id }) => listAlerts(store, id)))).flat()
  const worst = incidents.sort((a, b) => rank(b) - rank(a))[0]
  const sent = entries.find(({ kind, message }) => kind === 'broadcast' && message.startsWith('Sent'))
  const mined = entries
    .map(({ message }) => /is mined in block (\d+)/.exec(message)?.[1])
    .find((block) => block !== undefined)
  const signature = sent === undefined ? undefined : /Sent (.*) as 0x/.exec(sent.message)?.[1]
  return {
    severity: worst?.severity ?? null,
    state: worst?.state ?? null,
    pulled:
      signature === undefined || mined === undefined
        ? null
        : { signature, blocks: Number(mined) - attackBlock },
    said: alerts.flatMap(({ alert }) =>
      alert.findings.map(({ detector, severity, message }) => `${detector} ${severity}: ${message}`),
    ),
    because: entries
      .filter(({ kind }) => ['plan', 'simulation', 'decision', 'error', 'state'].includes(kind))
      .map(({ kind, message }) => `${kind}: ${message}`),
  }
}

function rank({ severity, state }: Incident): number {
  return ['info', 'low', 'medium', 'high', 'critical'].indexOf(severity) * 2 + (state === 'contained' ? 1 : 0)
}
