import { z } from 'zod'
import type { AuthorisationVerdict } from '../../contain/authorise.ts'
import { authorise } from '../../contain/authorise.ts'
import { type BroadcastContext, sendBroadcast, signPlan } from '../../contain/broadcast.ts'
import { confirmBroadcast } from '../../contain/confirm.ts'
import { planContainment } from '../../contain/plan.ts'
import type { Operation } from '../../contain/simulate.ts'
import { simulatePlan } from '../../contain/simulate.ts'
import { verifyPlan } from '../../contain/verify.ts'
import { moveIncident } from '../../incidents/move.ts'
import { assert } from '../../kit/assert.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import { retry } from '../../kit/retry.ts'
import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../../model/containment.ts'
import { containmentPlanSchema } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import { addressSchema, amountSchema, hexSchema } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Action, ActionContext } from '../../playbooks/action.ts'
import { countBroadcasts } from '../../store/broadcasts.ts'
import { findIncident } from '../../store/incidents.ts'
import { insertPlan, insertSimulation, insertVerification } from '../../store/plans.ts'
import type { App, ChainHandle } from '../context.ts'
import { recentOperations } from '../watch/operations.ts'
import type { Attack } from './attack.ts'
import { findAttack, reviveAttack } from './attack.ts'
import type { Judgement } from './decide.ts'
import { judgePlan } from './decide.ts'
import { recordStep } from './record-step.ts'

export const containArgs = z.strictObject({ action: z.literal('pause') })

/** What became of one target. */
export type ContainOutcome = {
  target: Address
  outcome: 'contained' | 'proposed' | 'already-paused' | 'not-verified'
  planId: string
  transactionHash: string | null
  reasons: string[]
}

const operationsSchema = z.array(
  z.object({
    selector: hexSchema,
    from: addressSchema,
    to: addressSchema.nullable(),
    data: hexSchema,
    value: amountSchema,
  }),
)

/** How long the chain is waited for before the step is tried again; the transaction stays where it is meanwhile. */
const CONFIRM = { timeoutMs: 120_000, pollMs: 50 }
/** A block that passes the transaction over may have been full or made before it came; the second means that it pays too little. */
export const REPLACE_AFTER_BLOCKS = 2
/** A node or a signer that is away for less than this, about 20 s, does not fail the step. */
const PATIENCE = { attempts: 8, delayMs: 500, maxDelayMs: 4_000 }
/** Looks at the chain until it says what was promised, about 10 s: the node that answers may be behind. */
const VERIFY = { looks: 10, waitMs: 1_000 }

/**
 * `contain`: for each protected contract of the incident, plan → simulate → authorise → sign, keep, send → confirm →
 * verify. Each part is a durable step, so a crash between any two goes on where it stopped; the transaction itself is
 * kept before it is sent, so it is sent again, never signed again.
 */
export function containAction(app: App): Action<z.infer<typeof containArgs>> {
  return {
    name: 'contain',
    args: containArgs,
    async run(context) {
      const incident = await findIncident(app.store, context.incidentId)
      assert(incident !== undefined, 'a run has an incident')
      const chain = app.chains.get(incident.chainId)
      if (chain === undefined) throw notWatched(incident)
      const found = await context.durable('attack', () =>
        patiently(app, () => findAttack(chain.rpc, incident)),
      )
      const attack = reviveAttack(found)
      const outcomes: ContainOutcome[] = []
      for (const target of incident.protected) {
        outcomes.push(await containTarget({ app, chain, context, incident, attack, target }))
      }
      await settle(app, incident, outcomes)
      return outcomes
    },
  }
}

type Work = {
  app: App
  chain: ChainHandle
  context: ActionContext
  incident: Incident
  attack: Attack
  target: Address
}

async function containTarget(work: Work): Promise<ContainOutcome> {
  const { context, target } = work
  const operations = operationsSchema.parse(
    JSON.parse(
      await context.durable(`operations:${target}`, async () =>
        toJson(recentOperations(work.chain.operations, target)),
      ),
    ),
  )
  const plan = containmentPlanSchema.parse(
    JSON.parse(await context.durable(`plan:${target}`, () => patiently(work.app, () => makePlan(work)))),
  )
  const base = { target, planId: plan.id, transactionHash: null }
  if (!plan.lever.armed) {
    await recordStep(work.app, context, {
      kind: 'plan',
      message: `${plan.lever.signature} of ${target} is already pulled.`,
      body: plan,
    })
    return { ...base, outcome: 'already-paused', reasons: ['the state view says that it is paused'] }
  }
  crashPoint('contain.planned')
  const simulation = await context.durable(`simulate:${plan.id}`, () =>
    patiently(work.app, () => simulateIt(work, { plan, operations })),
  )
  crashPoint('contain.simulated')
  const judgement = await context.durable(`decide:${plan.id}`, () => decideIt(work, { plan, simulation }))
  const reasons = [...refusals(simulation), ...judgement.reasons]
  const verdict = await context.durable(`authorise:${plan.id}`, () => authoriseIt(work, plan))
  if (!verdict.allowed) reasons.push(...verdict.reasons)
  if (reasons.length > 0) {
    await propose(work, { plan, reasons })
    return { ...base, outcome: 'proposed', reasons }
  }
  work.app.containing.add(plan.id)
  try {
    const broadcast = await carryOut(work, { plan, simulation })
    const verification = await context.durable(`verify:${plan.id}`, () =>
      patiently(work.app, () => verifyIt(work, { plan, simulation, broadcast, operations })),
    )
    crashPoint('contain.verified')
    return outcomeOf(base, { broadcast, verification })
  } finally {
    work.app.containing.delete(plan.id)
  }
}

type Done = { broadcast: Broadcast; verification: Verification }

function outcomeOf(
  base: Pick<ContainOutcome, 'target' | 'planId'>,
  { broadcast, verification }: Done,
): ContainOutcome {
  return {
    ...base,
    transactionHash: broadcast.transactionHash,
    outcome: verification.verified ? 'contained' : 'not-verified',
    reasons: verification.checks
      .filter((check) => !check.passed)
      .map((check) => `${check.check}: ${check.detail}`),
  }
}

/** A node's refusal may be that of one that is behind; what Cordon itself refuses stays refused. */
function patiently<T>({ clock }: App, act: () => Promise<T>): Promise<T> {
  const isRetryable = (thrown: unknown): boolean =>
    !(thrown instanceof CordonError) || thrown.retryable || thrown.code === 'chain.RpcRefused'
  return retry(act, { ...PATIENCE, clock, isRetryable })
}

async function makePlan({ app, chain, context, incident, attack, target }: Work): Promise<string> {
  const plan = await planContainment({
    rpc: chain.rpc,
    chainId: chain.chainId,
    incidentId: incident.id,
    target,
    attackTransaction: attack.hash,
    pinnedBlock: attack.pinnedBlock,
    signers: [...app.signers.keys()],
    others: Object.values(app.config.roles).flatMap((people) =>
      people.flatMap(({ address }) => address ?? []),
    ),
  })
  await insertPlan(app.store, plan)
  const { lever } = plan
  const who = lever.authority === null ? 'nobody known may pull it' : `${lever.authority.address} may pull it`
  const message = `Plan: ${lever.signature} on ${app.names.get(target) ?? target}; ${who} (block ${plan.pinnedBlock}).`
  await recordStep(app, context, { kind: 'plan', message, body: plan })
  return toJson(plan)
}

type Planned = { plan: ContainmentPlan; operations: readonly Operation[] }

async function simulateIt(
  { app, chain, context, attack }: Work,
  { plan, operations }: Planned,
): Promise<Simulation> {
  const simulation = await simulatePlan({ sequencer: chain.sequencer, plan, attack: attack.call, operations })
  await insertSimulation(app.store, simulation)
  const blocked = Object.values(simulation.opEffects).filter((effect) => effect === 'blocked').length
  const message = `Simulated at block ${simulation.atBlock} (${simulation.method}): the lever ${simulation.leverSucceeded ? 'works' : 'fails'}, the attack is ${simulation.attack}; ${blocked} of ${operations.length} recent operations would be blocked.`
  await recordStep(app, context, { kind: 'simulation', message, body: simulation })
  return simulation
}

async function decideIt(
  { app, chain, context, incident }: Work,
  { plan, simulation }: { plan: ContainmentPlan; simulation: Simulation },
): Promise<Judgement> {
  const judgement = await judgePlan(app, chain, { incident, plan, simulation })
  const { automatic, reasons, statement } = judgement
  const word = automatic ? 'Worth doing without people' : `For people to decide (${reasons.join('; ')})`
  await recordStep(app, context, { kind: 'decision', message: `${word}. ${statement}.`, body: judgement })
  return judgement
}

/** Only a pause that is seen to stop the attack is pulled without people. */
function refusals(simulation: Simulation): string[] {
  const reasons: string[] = []
  if (!simulation.leverSucceeded) reasons.push('the lever fails in the simulation')
  if (simulation.attack === 'not-stopped') reasons.push('the attack goes through in spite of the lever')
  if (simulation.attack === 'not-reproduced')
    reasons.push('the attack could not be reproduced, so nothing proves that the lever stops it')
  if (simulation.attack === 'not-run') reasons.push('no attack transaction is known to try the lever on')
  return reasons
}

async function authoriseIt({ app }: Work, plan: ContainmentPlan): Promise<AuthorisationVerdict> {
  const { roles, authorisations } = app.config
  const authority = plan.lever.authority
  if (authority === null || !app.signers.has(authority.address)) {
    return { allowed: false, reasons: ['no signer at hand may pull the lever'] }
  }
  const people = [...(roles.guardian ?? []), ...(roles['incident-leader'] ?? [])]
  return authorise({
    plan,
    authorisations,
    mayAuthorise: people.flatMap(({ address }) => address ?? []),
    actionsSoFar: ({ chainId, targets }) =>
      countBroadcasts(app.store, { chainId, targets, exceptPlanId: plan.id }),
    now: Math.floor(app.clock.now() / 1000),
  })
}

async function propose(
  { app, context }: Work,
  { plan, reasons }: { plan: ContainmentPlan; reasons: string[] },
): Promise<void> {
  const { lever } = plan
  const message = `Not sent, for people to decide: call ${lever.target} with ${lever.calldata} as ${lever.authority?.address ?? 'its guardian'}. Why: ${reasons.join('; ')}.`
  await recordStep(app, context, {
    kind: 'plan',
    message,
    body: { planId: plan.id, proposed: true, reasons },
  })
}

async function carryOut(
  work: Work,
  { plan, simulation }: { plan: ContainmentPlan; simulation: Simulation },
): Promise<Broadcast> {
  const { app, chain, context, attack } = work
  const to = { rpc: chain.rpc, store: app.store, clock: app.clock, relays: chain.relays }
  const signer = app.signers.get(plan.lever.authority?.address ?? '0x')
  assert(signer !== undefined, 'an authorised plan has a signer')
  const fees = { ...app.config.fees, outbid: attack.outbid }
  const signed = await context.durable(`sign:${plan.id}`, () =>
    patiently(app, () => signPlan(plan, { signer, gasUsed: simulation.gasUsed, fees }, to)),
  )
  const sent = await context.durable(`send:${plan.id}`, async () => {
    const { broadcast, trouble } = await sentOrHeld(signed, to)
    const word = trouble === null ? 'Sent' : `Not taken yet (${trouble}), and sent again until it is:`
    const message = `${word} ${plan.lever.signature} as ${broadcast.transactionHash} (nonce ${broadcast.nonce} of ${broadcast.from}).`
    await recordStep(app, context, { kind: 'broadcast', message, body: broadcast })
    return broadcast
  })
  return context.durable(`confirm:${plan.id}`, async () => {
    const tell = async (replaced: { broadcast: Broadcast; reason: string }): Promise<void> => {
      const message = `Replaced by ${replaced.broadcast.transactionHash}: ${replaced.reason}.`
      await recordStep(app, context, { kind: 'broadcast', message, body: replaced.broadcast })
    }
    const { publicAfterBlocks } = chain.config
    const replacing = { signer, fees, afterBlocks: REPLACE_AFTER_BLOCKS, publicAfterBlocks, tell }
    const broadcast = await confirmBroadcast(sent, { ...CONFIRM, replacing }, to)
    const message = `The containment transaction is ${broadcast.state} in block ${broadcast.blockNumber}.`
    await recordStep(app, context, { kind: 'broadcast', message, body: broadcast })
    return broadcast
  })
}

/** What `confirmBroadcast` gets over by itself: a node that is away, a nonce that is gone, a fee that is too low. */
const PASSING = /nonce too low|underpriced|already known/i

async function sentOrHeld(
  signed: Broadcast,
  to: BroadcastContext,
): Promise<{ broadcast: Broadcast; trouble: string | null }> {
  try {
    return { broadcast: await sendBroadcast(signed, to), trouble: null }
  } catch (thrown) {
    const isRefused = thrown instanceof CordonError && thrown.code === 'chain.RpcRefused'
    if (isRefused && !PASSING.test(messageOf(thrown))) throw thrown
    return { broadcast: signed, trouble: messageOf(thrown) }
  }
}

type CarriedOut = Planned & { simulation: Simulation; broadcast: Broadcast }

async function verifyIt({ app, chain, context, attack }: Work, done: CarriedOut): Promise<Verification> {
  const { rpc, sequencer } = chain
  const look = () => verifyPlan({ rpc, sequencer, attack: attack.call, ...done })
  let verification = await look()
  for (let looks = 1; !verification.verified && looks < VERIFY.looks; looks++) {
    await app.clock.sleep(VERIFY.waitMs)
    verification = await look()
  }
  await insertVerification(app.store, verification)
  const passed = verification.checks.filter((check) => check.passed).length
  const word = verification.verified ? 'Verified' : 'NOT verified'
  const message = `${word} at block ${verification.atBlock}: ${passed} of ${verification.checks.length} checks passed.`
  await recordStep(app, context, { kind: 'verification', message, body: verification })
  return verification
}

/** Contained when every target is; otherwise people are needed and the incident stays open. */
async function settle(app: App, incident: Incident, outcomes: readonly ContainOutcome[]): Promise<void> {
  const held = outcomes.filter(({ outcome }) => outcome === 'contained' || outcome === 'already-paused')
  if (held.length === 0 || held.length < outcomes.length) return
  const current = await findIncident(app.store, incident.id)
  if (current?.state !== 'open') return
  const reason = `every lever is pulled and verified on the chain (${held.map(({ target }) => app.names.get(target) ?? target).join(', ')})`
  await moveIncident(
    { store: app.store, clock: app.clock },
    { incidentId: incident.id, to: 'contained', author: 'cordon', reason },
  )
}

function notWatched(incident: Incident): CordonError {
  return new CordonError({
    code: 'app.ChainNotWatched',
    message: `The incident is on chain ${incident.chainId}, which this process does not watch.`,
    facts: { incidentId: incident.id, chainId: incident.chainId },
    fix: 'Add the chain to cordon.config.ts and start again: the run goes on by itself.',
    retryable: true,
  })
}
