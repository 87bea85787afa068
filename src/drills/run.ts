import type { Anvil } from '../chain/sandbox/anvil.ts'
import { startAnvil } from '../chain/sandbox/anvil.ts'
import { setCode } from '../chain/sandbox/control.ts'
import type { Signer } from '../contain/signers/signer.ts'
import type { Logger } from '../kit/logger.ts'
import type { AttackKind } from '../model/attack-kind.ts'
import type { Config } from '../model/config.ts'
import type { DrillPeople } from '../model/drill.ts'
import type { Incident } from '../model/incident.ts'
import type { Run } from '../model/playbook.ts'
import type { Hub } from '../notify/hub.ts'
import { listIncidents } from '../store/incidents.ts'
import { listTimeline } from '../store/timeline.ts'
import { counted } from '../words/share.ts'
import { addressOf, drillRoles } from './accounts.ts'
import { launchAttack } from './attacks.ts'
import { connectDrill } from './chain.ts'
import { drillConfig } from './config.ts'
import type { DrilledCordon, StartDrilled } from './cordon.ts'
import { deployDrill } from './deploy.ts'
import type { DrillDeployment } from './deployment.ts'
import { type Fork, sceneOn } from './fork.ts'
import { fundsAtRisk } from './funds.ts'
import { type Played, playPeople } from './played.ts'
import { teamSigners } from './team.ts'
import { runTraffic } from './traffic.ts'
import { skewOf, waitForRun } from './wait.ts'

export type DrillOptions = {
  attack: AttackKind
  respond: boolean
  people: DrillPeople
  /** The factor by which simulated people are faster than real ones. */
  pace: number
  /** Whether a guardian has signed a standing authorisation beforehand. */
  standing: boolean
  /** Real people in place of the drill's. */
  team?: Pick<Config, 'roles' | 'channels'> | undefined
  /** Watch pending transactions too: the pause can then come before the attack. */
  mempool: boolean
  /** Seconds between blocks. */
  blockSeconds: number
  seed: number
  /** Instead of a chain of its own: the drill's contracts next to those that are protected there. */
  fork?: Fork | undefined
  /** Called with the configuration before anything is watched. */
  ready?: ((config: Config) => Promise<void>) | undefined
  dataDir: string
  apiPort: number
  hub: Hub
  logger: Logger
  env: Readonly<Record<string, string | undefined>>
  write: (line: string) => void
  start: StartDrilled
  /** Called once Cordon runs, before anything happens. */
  started?: (() => Promise<void>) | undefined
  /** Prints one line of the story. */
  say: (line: string) => void
  signal: AbortSignal
}

export type DrillOutcome = {
  attack: string
  contained: boolean
  incident: Incident | null
  run: Run | null
  /** The target of the attack, base units of `asset`. */
  funds: { asset: string; before: bigint; after: bigint; withoutResponse: bigint } | null
  attackTransactions: { mined: number; reverted: number }
  /** From the first alert to the verification, milliseconds; null where nothing was verified. */
  containedAfterMs: number | null
  /** The lag of the chain's clock behind ours, milliseconds. */
  skewMs: number
  startedAt: number
  endedAt: number
}

export type RunningDrill = {
  outcome: DrillOutcome
  running: DrilledCordon
  deployment: DrillDeployment
  stop(): Promise<void>
}

const TRAFFIC_ROUNDS = 2

/**
 * Runs a whole drill: a chain, a protocol, honest traffic, a real attack, and Cordon watching over JSON-RPC. The app
 * and the chain stay up until `stop`. Throws what the parts throw, after stopping them.
 */
export async function runDrill(options: DrillOptions): Promise<RunningDrill> {
  const { say, hub, logger, env, write, signal, seed } = options
  const mining = { kind: 'interval', seconds: options.blockSeconds } as const
  const anvil = options.fork?.anvil ?? (await startAnvil({ mining, chainId: drillChainId() }))
  let running: DrilledCordon | undefined
  const stop = async (): Promise<void> => {
    await running?.stop()
    await anvil.stop()
  }
  try {
    if (options.fork !== undefined) await clearAccounts(anvil.url)
    const deployment = await deployDrill(anvil.url)
    say('chain up · OptionsVault, LendingMarket and EthReserve deployed')
    const now = Math.floor(Date.now() / 1000)
    const made = await drillConfig({ ...options, ...options.team, deployment, rpcUrl: anvil.url, now })
    const { config, signers } = options.fork === undefined ? made : sceneOn(options.fork, made)
    await options.ready?.(config)
    running = await options.start({
      config,
      env,
      logger,
      write,
      hub,
      signers,
      kind: 'drill',
      people: options.people !== 'none',
      signal,
    })
    say(
      options.respond
        ? `Cordon watches 3 contracts and may ${options.standing ? 'pause them alone' : 'propose to pause them'}`
        : 'Cordon watches 3 contracts and may not act (--no-response)',
    )
    await options.started?.()
    const traffic = await runTraffic(deployment, anvil.url, { rounds: TRAFFIC_ROUNDS, seed, signal })
    // the record may hold earlier drills, each on a chain of its own
    const incidents = await listIncidents(running.app.store)
    const alarms = incidents.filter(({ chainId }) => chainId === deployment.chainId).length
    say(`${traffic.length} honest transactions · ${alarms === 0 ? 'no alarm' : counted(alarms, 'alarm')}`)
    const played = options.people === 'played' ? play(options, running) : undefined
    const outcome = await attackAndWait(options, { anvil, deployment, running }).finally(() => played?.stop())
    return { outcome, running, deployment, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

/** On a real chain others have given code to these well-known accounts: on a fork that code is removed. */
async function clearAccounts(url: string): Promise<void> {
  const chain = await connectDrill(url)
  await Promise.all(drillRoles.map((role) => setCode(chain, addressOf(role), '0x')))
}

type Playing = Pick<DrillOptions, 'pace' | 'seed' | 'say'>

/** Signs only for the drill's own people whose key is known, never for real people. */
export function play(
  { pace, seed, say }: Playing,
  { app, desk }: DrilledCordon,
  signers: readonly Signer[] = [],
): Played {
  return playPeople({ app, desk, signers: [...teamSigners(), ...signers], pace, seed, say })
}

/** A separate chain for each drill, so that the records of one are never mistaken for another's. */
function drillChainId(): number {
  return 31_337_000_000 + (Math.floor(Date.now() / 100) % 1_000_000_000)
}

type Stage = { anvil: Anvil; deployment: DrillDeployment; running: DrilledCordon }

async function attackAndWait(
  options: DrillOptions,
  { anvil, deployment, running }: Stage,
): Promise<DrillOutcome> {
  const { attack, say, signal } = options
  const threatened = async (url: string, at: DrillDeployment): Promise<{ asset: string; amount: bigint }> => {
    const found = (await fundsAtRisk(at, url)).find((item) => item.attack === attack)
    return { asset: found?.asset ?? 'native', amount: found?.amount ?? 0n }
  }
  const before = await threatened(anvil.url, deployment)
  const startedAt = Date.now()
  say(`a stranger attacks (${attack}), once a block`)
  const result = await launchAttack(deployment, anvil.url, { kind: attack, rounds: 12, signal })
  const mined = result.transactions.filter(({ succeeded }) => succeeded).length
  say(
    `the attack is over: ${counted(mined, 'transaction')} went through, ${result.transactions.length - mined} failed`,
  )
  const skewMs = options.fork === undefined ? 0 : await skewOf(anvil.url)
  const { incident, run } = await waitForRun(
    { ...options, attack: result.transactions.map(({ hash }) => hash) },
    running,
  )
  const after = await threatened(anvil.url, deployment)
  const withoutResponse = options.respond ? await undefended(options) : after.amount
  return {
    attack,
    contained: incident?.state === 'contained',
    incident,
    run,
    funds: { asset: before.asset, before: before.amount, after: after.amount, withoutResponse },
    attackTransactions: { mined, reverted: result.transactions.length - mined },
    containedAfterMs: await containedAfter(running, incident),
    skewMs,
    startedAt,
    endedAt: Date.now(),
  }
}

async function containedAfter({ app }: DrilledCordon, incident: Incident | null): Promise<number | null> {
  if (incident === null) return null
  const timeline = await listTimeline(app.store, incident.id)
  const done = timeline.find(({ kind, facts }) => kind === 'state' && facts.to === 'contained')
  return done === undefined ? null : done.discoveryTime - incident.discoveredAt
}

/**
 * Runs the same traffic and the same attack on a second chain that is not watched: the amount that would have remained.
 */
async function undefended({ attack, seed }: DrillOptions): Promise<bigint> {
  const anvil = await startAnvil({ mining: { kind: 'manual' } })
  try {
    const deployment = await deployDrill(anvil.url)
    await runTraffic(deployment, anvil.url, { rounds: TRAFFIC_ROUNDS, seed })
    await launchAttack(deployment, anvil.url, { kind: attack })
    return (await fundsAtRisk(deployment, anvil.url)).find((item) => item.attack === attack)?.amount ?? 0n
  } finally {
    await anvil.stop()
  }
}
