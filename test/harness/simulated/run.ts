import { randomFrom } from '../../../bench/random.ts'
import { createAssessor } from '../../../src/calibrate/assessor.ts'
import { unknownCapabilities } from '../../../src/chain/rpc/capabilities.ts'
import { authorisationTypedData } from '../../../src/contain/approval/authorise.ts'
import { keySigner, type Signer } from '../../../src/contain/signers/signer.ts'
import { addressOf, drillAccount } from '../../../src/drills/accounts.ts'
import { recordAlert } from '../../../src/incidents/record-alert.ts'
import { crashPoint, onCrashPoint } from '../../../src/kit/crash-point.ts'
import { silentLogger } from '../../../src/kit/logger.ts'
import type { Calibration } from '../../../src/model/calibration.ts'
import { configSchema } from '../../../src/model/config.ts'
import type { StandingAuthorisation } from '../../../src/model/containment.ts'
import type { Hex } from '../../../src/model/hex.ts'
import type { PinnedPlaybook, Run } from '../../../src/model/playbook.ts'
import { emptyVitals } from '../../../src/model/vitals.ts'
import { createHub } from '../../../src/notify/hub.ts'
import type { ActionContext } from '../../../src/playbooks/action.ts'
import { captured, endingOf, keepResult, type Outcome } from '../../../src/playbooks/result.ts'
import type { Session } from '../../../src/playbooks/session.ts'
import { delayOf } from '../../../src/playbooks/step.ts'
import { writeRun } from '../../../src/playbooks/write-run.ts'
import type { ActionTools } from '../../../src/respond/actions/action-kind.ts'
import { containKind } from '../../../src/respond/actions/contain.ts'
import { notifyKind } from '../../../src/respond/actions/notify.ts'
import { emptyProtocol } from '../../../src/respond/memory/callees.ts'
import { emptySignals } from '../../../src/respond/memory/signals.ts'
import { installationOf } from '../../../src/store/installation.ts'
import { endRun } from '../../../src/store/runs.ts'
import type { Store } from '../../../src/store/store.ts'
import { aFinding, anAlert, anAssessment } from '../builders.ts'
import { BLOCK_SECONDS, headOf, SELECTORS } from './chain.ts'
import { type Durable, durableOn, type Memo, rememberingSuccess } from './durable.ts'
import { type Fault, quietFrom } from './faults.ts'
import { judge, type Verdict } from './judge.ts'
import { beginLife, Death, type Life, type Parts } from './life.ts'
import { watchOnce } from './watch.ts'
import { advance, createWorld, elapsed, type World } from './world.ts'

/** The parts that every run of a matrix shares. */
export type Ground = { store: Store; calibration: Calibration; playbook: PinnedPlaybook }

/** One run: all of it follows from these. */
export type Case = {
  seed: number
  /** Where the process dies, in this order, each at its `nth` passing. */
  deaths: readonly { point: string; nth: number }[]
  faults: readonly Fault[]
}

/** Nothing is investigated in a simulated run. */
const TOOLS: ActionTools = { investigate: () => Promise.reject(new Error('not simulated')) }

/** Blocks without a fault in which all must come to its end. */
const CALM_BLOCKS = 30
const MOST_MS = 900_000

/** Carries out one run to its end and says what is wrong with it. */
export async function runCase(ground: Ground, it: Case): Promise<Verdict> {
  const world = await createWorld(it.seed, it.faults)
  const chance = randomFrom(it.seed ^ 0x5eed)
  const parts = await partsFor(ground, world)
  const story: Story = { ground, world, memo: [], run: null, parts }
  const deaths = [...it.deaths]
  let died = 0
  for (;;) {
    const life = beginLife(world, parts)
    const undo = dieAt(life, deaths)
    try {
      const lived = live(life, story)
      const end = await Promise.race([lived.then(() => 'over' as const), life.died])
      if (end === 'over') break
      died++
      lived.catch(() => {})
      // a restart takes some time; the chain goes on
      await advance(world, Math.floor(chance() * chance() * 25_000))
    } finally {
      undo()
    }
  }
  const incidentId = story.run?.incidentId ?? ''
  return judge({ store: ground.store, world, incidentId, died, skipped: deaths.map(({ point }) => point) })
}

function dieAt(life: Life, deaths: { point: string; nth: number }[]): () => void {
  let passed = 0
  return onCrashPoint((name) => {
    const next = deaths[0]
    if (!life.alive) throw new Death()
    if (next === undefined || name !== next.point || ++passed < next.nth) return
    deaths.shift()
    life.die()
    throw new Death()
  })
}

type Story = { ground: Ground; world: World; memo: Memo; run: Run | null; parts: Parts }

async function live(life: Life, story: Story): Promise<void> {
  const { ground, world, memo } = story
  const run = await begun(life, story)
  await perform({ life, run, ground, memo })
  const until = Math.max(elapsed(world), quietFrom(world.faults)) + CALM_BLOCKS * BLOCK_SECONDS * 1_000
  while (elapsed(world) < Math.min(until, MOST_MS)) await life.app.clock.sleep(500)
}

/** The watcher records the alert and begins the run: again after a death before it was written. */
async function begun(life: Life, story: Story): Promise<Run> {
  if (story.run !== null) return story.run
  const { app, world } = life
  for (;;) {
    const made = await captured(async () => {
      const alert = alertFor(world)
      const { incident } = await recordAlert(app, alert, {
        new: { kind: 'normal', title: `run ${world.chain.chainId}` },
      })
      return writeRun(app, { incident, pinned: story.ground.playbook, author: 'cordon' })
    })
    if (made.ok) {
      story.run = made.value
      crashPoint('playbooks.run-created')
      return made.value
    }
    await app.clock.sleep(200)
  }
}

type Performing = { life: Life; run: Run; ground: Ground; memo: Memo }

/** The step `contain` of the shipped playbook and the call of people after it, as the interpreter does them. */
async function perform({ life, run, ground, memo }: Performing): Promise<void> {
  const { app } = life
  const durable = durableOn(memo, life)
  const session = { store: app.store } as Session
  const startedAt = await durable('contain/started', async () => app.clock.now())
  crashPoint('playbooks.step-started:contain')
  const outcome = await attempts({ life, run, durable })
  await surely(durable, life, 'contain/finished', async () => {
    const ending = endingOf(outcome)
    await keepResult(session, run, { stepId: 'contain', ...ending, startedAt, endedAt: app.clock.now() })
    crashPoint('playbooks.step-finished:contain')
  })
  const told = { roles: ['guardian' as const], title: 'Containment has ended', body: 'See the timeline.' }
  const context = contextOf({ life, run, durable }, 'tell-result')
  await captured(() => notifyKind.open(app, TOOLS)(context, told))
  await surely(durable, life, 'end', async () => {
    const state = outcome.ok ? 'succeeded' : 'failed'
    await endRun(app.store, run.id, { state, endedAt: app.clock.now() })
  })
  void ground
}

/** The machinery's own steps: DBOS ends the workflow where they fail and starts it again; here they are tried again. */
async function surely(durable: Durable, life: Life, name: string, act: () => Promise<void>): Promise<void> {
  for (;;) {
    const { ok } = await captured(() => durable(name, act))
    if (ok) return
    await life.app.clock.sleep(500)
  }
}

type Doing = { life: Life; run: Run; durable: Durable }

const RETRY = { attempts: 3, delayMs: 1_000, backoff: 'exponential', maxDelayMs: 10_000 } as const

async function attempts(doing: Doing): Promise<Outcome> {
  const { life } = doing
  const remembering = rememberingSuccess(doing.durable)
  for (let attempt = 1; ; attempt++) {
    const context = contextOf({ ...doing, durable: remembering() }, 'contain')
    const outcome = await captured(() => containKind.open(life.app, TOOLS)(context, { action: 'pause' }))
    if (outcome.ok || attempt >= RETRY.attempts || !outcome.failure.retryable) return outcome
    await life.app.clock.sleep(delayOf(RETRY, attempt))
  }
}

function contextOf({ life, run, durable }: Doing, stepId: string): ActionContext {
  const { clock } = life.app
  return {
    run,
    incidentId: run.incidentId,
    stepId,
    durable,
    sleep: (ms) => clock.sleep(ms),
    async until({ deadline, look }) {
      for (;;) {
        const found = await look()
        if (found !== undefined || clock.now() >= deadline) return found
        await clock.sleep(250)
      }
    },
  }
}

function alertFor({ chain, attack }: World) {
  const target = chain.contract
  const place = {
    chainId: chain.chainId,
    protected: [target],
    victims: [target],
    transactionHash: attack,
    severity: 'critical' as const,
    blockNumber: headOf(chain).number,
  }
  const loss = [{ account: target, asset: 'native' as const, amount: 10n ** 24n }]
  const finding = aFinding({ ...place, loss, detector: 'reentrancy', fingerprint: `${attack}/reentrancy` })
  const base = anAssessment()
  const assessment = anAssessment({
    score: 100,
    probability: { ...base.probability, estimate: 0.95, low: 0.9 },
    runLength: { ...base.runLength, verdict: 'kept' },
  })
  return anAlert({ ...place, fingerprint: attack, alertHash: attack, findings: [finding], assessment })
}

let guardianKey: Signer | undefined

/** The guardian's signer: what every anvil has, worth nothing anywhere else. */
function guardianSigner(): Signer {
  const { privateKey } = drillAccount('guardian').getHdKey()
  guardianKey ??= keySigner(`0x${Buffer.from(privateKey ?? []).toString('hex')}`)
  return guardianKey
}

async function partsFor({ store, calibration, playbook }: Ground, world: World): Promise<Parts> {
  const { chainId, contract } = world.chain
  const config = configSchema.parse({
    chains: [{ chainId, rpcUrls: ['http://127.0.0.1:1'] }],
    protect: [{ address: contract, name: 'Vault' }],
    roles: { guardian: [{ name: 'Gus', channels: ['console'], address: addressOf('guardian') }] },
    authorisations: [await authorisationFor(world, await installationOf(store))],
    decision: { actDays: 7, attacksPerYear: 365 },
  })
  const [chainConfig] = config.chains
  if (chainConfig === undefined) throw new TypeError('a chain was configured')
  return {
    store,
    signer: guardianSigner(),
    beside: watchOnce,
    chain: {
      chainId,
      config: chainConfig,
      relays: [],
      capabilities: {
        ...unknownCapabilities(chainId, 'the simulated node has no such method'),
        traceCall: false,
      },
      engine: undefined as never,
      assessor: createAssessor(calibration, config.decision),
      operations: new Map(),
      protocol: emptyProtocol(),
      signals: emptySignals(),
      vitals: emptyVitals(),
      labels: new Map(),
    },
    app: {
      config,
      logger: silentLogger,
      hub: createHub(),
      channels: new Map(),
      sights: new Map(),
      playbooks: [playbook],
      names: new Map([[contract, 'Vault']]),
      kind: 'normal',
    },
  }
}

async function authorisationFor({ chain, now }: World, installation: string): Promise<StandingAuthorisation> {
  const terms = {
    installation,
    chainId: chain.chainId,
    targets: [chain.contract],
    selectors: [SELECTORS.pause as Hex],
    maxActions: 1,
    validFrom: Math.floor(now / 1_000) - 3_600,
    validUntil: Math.floor(now / 1_000) + 86_400,
  }
  const signature = await drillAccount('guardian').signTypedData(authorisationTypedData(terms))
  return { ...terms, signer: addressOf('guardian'), signature }
}
