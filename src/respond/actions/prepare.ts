import type { AuthorisationVerdict } from '../../contain/approval/authorise.ts'
import { authorise } from '../../contain/approval/authorise.ts'
import { allAuthorisations, authorisationContext, installationFor } from '../../contain/approval/standing.ts'
import { verdictOn } from '../../contain/approval/verdict.ts'
import { notOurs, planContainment } from '../../contain/planning/plan.ts'
import type { Candidate } from '../../contain/planning/rank.ts'
import { routeText, senderOf } from '../../contain/routes/route.ts'
import { safeProposal } from '../../contain/routes/safe-route.ts'
import { trialOf } from '../../contain/trials/attack-trial.ts'
import { simulateReopen } from '../../contain/trials/reopen.ts'
import { simulatePlan } from '../../contain/trials/simulate.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { toJson } from '../../kit/json.ts'
import type { ContainmentPlan, Simulation } from '../../model/containment.ts'
import { containmentPlanSchema } from '../../model/containment.ts'
import type { Run } from '../../model/playbook.ts'
import { peopleOf } from '../../model/role.ts'
import { functionNames } from '../../names/function-names.ts'
import { pullApprovedIn } from '../../playbooks/follow-up.ts'
import { simulationText } from '../../reports/step-text.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { insertPlan, insertSimulation, listPlans } from '../../store/plans.ts'
import { findPlaybook } from '../../store/playbooks.ts'
import { awaitAlso, isAwaited } from '../../store/runs.ts'
import { listSafeSignatures } from '../../store/safe-signatures.ts'
import { shortCall } from '../../words/call.ts'
import type { App } from '../context.ts'
import { relatedTo } from '../memory/map-protocol.ts'
import { balancesAt } from '../told.ts'
import type { Judgement } from './decide.ts'
import { judgePlan } from './decide.ts'
import { holdLever, pageLimit } from './hold-lever.ts'
import { recordStep } from './record-step.ts'
import { operationsFor, type Planned, patiently, type Work } from './work.ts'

/** A prepared plan: already pulled, waiting for people, or ready to be carried out. */
export type Prepared =
  | { kind: 'already-pulled'; plan: ContainmentPlan }
  /** Nothing to send: the lever is on its way, or already holds. */
  | { kind: 'needless'; plan: ContainmentPlan; why: string }
  /** `isWorthIt`: the plan would work against this attack, and something else prevents it. */
  | { kind: 'proposed' | 'still-proposed'; plan: ContainmentPlan; reasons: string[]; isWorthIt: boolean }
  | (Planned & { kind: 'go'; simulation: Simulation })

/**
 * Plan → simulate → decide → authorise for one contract. A plan continues without people only if it demonstrably stops
 * the attack, is worth it, leaves nobody helpless and is covered by a standing authorisation; any other plan is
 * proposed with every reason.
 */
export async function prepare(work: Work): Promise<Prepared> {
  const { context, target } = work
  const operations = await operationsFor(work)
  const json = await context.durable(`plan:${planKey(work)}`, () => patiently(work.app, () => makePlan(work)))
  const plan = containmentPlanSchema.parse(JSON.parse(json))
  if (!plan.lever.armed) {
    const message = `${plan.lever.signature} of ${target} is already pulled.`
    await recordStep(work.app, context, { kind: 'plan', message, evidence: { kind: 'plan', body: plan } })
    return { kind: 'already-pulled', plan }
  }
  crashPoint('contain.planned')
  if (plan.lever.authority === null)
    return proposeOnce(work, { plan, reasons: ['nobody known may pull it'], isWorthIt: true })
  const simulation = await context.durable(`simulate:${plan.id}`, () =>
    patiently(work.app, () => simulateIt(work, { plan, operations })),
  )
  crashPoint('contain.simulated')
  const judgement = await context.durable(`decide:${plan.id}`, () => decideIt(work, { plan, simulation }))
  const reasons = [...(work.attack.stale === null ? [] : [work.attack.stale]), ...judgement.reasons]
  if (simulation.asymmetry !== null) reasons.push(simulation.asymmetry)
  if (plan.lever.undo === null && plan.lever.maxDurationSeconds === null)
    reasons.push('nothing takes it back: it is for people to decide')
  const isWorthIt = reasons.length === 0
  const verdict = await context.durable(`authorise:${plan.id}`, () => authoriseIt(work, plan))
  if (!verdict.allowed) reasons.push(...verdict.reasons)
  if (reasons.length > 0) return proposeOnce(work, { plan, reasons, isWorthIt })
  const held = await context.durable(`hold:${plan.id}`, () => holdLever(work, { plan, isAutomatic: true }))
  if (held.kind === 'limited') {
    await pageLimit(work, { plan, why: held.why })
    return proposeOnce(work, { plan, reasons: [held.why], isWorthIt })
  }
  if (held.kind === 'needless') {
    const message = `${plan.lever.signature} of ${target} ${held.why}.`
    await recordStep(work.app, context, { kind: 'plan', message, evidence: { kind: 'plan', body: plan } })
    return { kind: 'needless', plan, why: held.why }
  }
  return { kind: 'go', plan, operations, simulation }
}

/**
 * Proposes a plan, unless it already waits for people: while they work on the incident a further attack is not a reason
 * to ask them for the same call again.
 */
async function proposeOnce(
  work: Work,
  proposed: { plan: ContainmentPlan; reasons: string[]; isWorthIt: boolean },
): Promise<Prepared> {
  const { app, context } = work
  const { plan, reasons, isWorthIt } = proposed
  const waiting = await context.durable(`waiting:${plan.id}`, () => waitingFor(work, plan))
  if (waiting === null) {
    if (await isPulledWhenApproved(app, context.run)) await awaitAlso(app.store, context.run.id, plan.id)
    await propose(work, proposed)
    return { kind: 'proposed', plan, reasons, isWorthIt }
  }
  const message = `Nothing was sent: the same call waits for people already, as plan ${waiting}. Tried against ${plan.attackTransaction ?? 'no transaction'} too; why nothing is sent without people: ${reasons.join('; ')}.`
  await recordStep(app, context, {
    kind: 'plan',
    message,
    evidence: { kind: 'plan-waiting', body: { planId: plan.id, waiting, reasons } },
  })
  return { kind: 'still-proposed', plan, reasons, isWorthIt }
}

/** Whether a step of the run carries out the plans that people approve. */
async function isPulledWhenApproved({ store }: App, { contentHash }: Run): Promise<boolean> {
  const pinned = await findPlaybook(store, contentHash)
  return pinned !== undefined && pullApprovedIn(pinned) !== undefined
}

/** An earlier plan for the same call, which a step waits to carry out and nobody has refused; null for none. */
async function waitingFor({ app, incident }: Work, plan: ContainmentPlan): Promise<string | null> {
  for (const other of await listPlans(app.store, incident.id)) {
    const { lever } = other
    const isSameCall = lever.target === plan.lever.target && lever.calldata === plan.lever.calldata
    if (other.id === plan.id || other.purpose !== 'contain' || !isSameCall) continue
    if (!(await isAwaited(app.store, other.id)) || (await findBroadcast(app.store, other.id)) !== undefined)
      continue
    if ((await verdictOn(app, { plan: other, incident })).state !== 'refused') return other.id
  }
  return null
}

/** Two levers of one contract are two plans. */
function planKey({ target, wanted }: Work): string {
  if (wanted === undefined) return target
  return [target, wanted.template, ...Object.values(wanted.given)].join(':')
}

/** Makes and stores the plan, and records which other levers could have been pulled. */
async function makePlan(work: Work): Promise<string> {
  const { app, chain, context, incident, attack, attempt, target, wanted } = work
  const { plan, besides } = await planContainment({
    rpc: chain.rpc,
    sequencer: chain.sequencer,
    chainId: chain.chainId,
    incidentId: incident.id,
    attempt,
    target,
    attackTransaction: attack.hash,
    attack: await trialOf(work, attack),
    wanted,
    pinnedBlock: attack.pinnedBlock,
    signers: [...app.signers.keys()],
    presigned: await listSafeSignatures(app.store, chain.chainId),
    others: peopleOf(app.config),
    names: functionNames,
    related: () => relatedTo(chain, { target, block: attack.pinnedBlock }),
  })
  await insertPlan(app.store, plan)
  const { lever } = plan
  const who =
    lever.authority === null
      ? 'nobody known may pull it'
      : `${lever.authority.address} may pull it, ${routeText(plan.route)}`
  const message = `Plan: ${lever.signature} on ${app.names.get(target) ?? target}; ${who} (state of block ${plan.pinnedBlock}).${besidesText(besides)}`
  await recordStep(app, context, {
    kind: 'plan',
    message,
    evidence: { kind: 'plan', body: { ...plan, besides } },
  })
  return toJson(plan)
}

/** At most three: the evidence has all. */
function besidesText(besides: readonly Candidate[]): string {
  if (besides.length === 0) return ''
  const named = besides
    .slice(0, 3)
    .map(({ lever, attack }) => `${lever.signature} (${lever.scope}; attack ${attack})`)
  return ` Besides: ${named.join(', ')}${besides.length > 3 ? `, ${besides.length - 3} more` : ''}.`
}

/** Simulates, stores the simulation, and records its result. */
export async function simulateIt(work: Work, { plan, operations }: Planned): Promise<Simulation> {
  const { app, chain, context, attack } = work
  const { rpc, sequencer } = chain
  const trial = await trialOf(work, attack)
  // in parallel: the balances of losers are for the text alone, and nobody acts before it is written
  const [simulation, before] = await Promise.all([
    simulatePlan({ rpc, sequencer, plan, attack: trial, operations }),
    balancesAt({ rpc, clock: app.clock }, trial?.recorded ?? [], plan.pinnedBlock),
  ])
  await insertSimulation(app.store, simulation)
  const message = `${simulationText(plan, simulation, before)}${notesText(simulation)}`
  const blocked = Object.keys(simulation.opEffects).filter((op) => simulation.opEffects[op] === 'blocked')
  await recordStep(app, context, {
    kind: 'simulation',
    message,
    facts: { planId: plan.id, call: shortCall(plan.lever.signature), attack: simulation.attack, blocked },
    evidence: { kind: 'simulation', body: simulation },
  })
  return simulation
}

/** The same for a plan that takes a lever back: what is open after it, and whether the attack works again. */
export async function simulateReopenIt(work: Work, { plan, operations }: Planned): Promise<Simulation> {
  const { app, chain, context, attack } = work
  const { rpc, sequencer } = chain
  const block = plan.pinnedBlock
  const trial = await trialOf(work, attack)
  const simulation = await simulateReopen({ rpc, sequencer, plan, block, attack: trial, operations })
  await insertSimulation(app.store, simulation)
  const open = Object.values(simulation.opEffects).filter((effect) => effect === 'open').length
  const again =
    { stopped: 'fails', 'not-stopped': 'GOES THROUGH AGAIN' }[String(simulation.attack)] ?? 'is not known'
  const message = `Simulated at block ${block}: ${plan.lever.signature} ${simulation.leverSucceeded ? 'works' : 'fails'}; after it ${open} of ${operations.length} recent operations are open, and the attack ${again}.`
  await recordStep(app, context, {
    kind: 'simulation',
    message,
    evidence: { kind: 'simulation', body: simulation },
  })
  return simulation
}

function notesText({ notes, asymmetry }: Simulation): string {
  const said = [...(asymmetry === null ? [] : [asymmetry]), ...notes].slice(0, 4)
  return said.length === 0 ? '' : ` Note: ${said.join('; ')}.`
}

async function decideIt(
  { app, chain, context, incident }: Work,
  { plan, simulation }: { plan: ContainmentPlan; simulation: Simulation },
): Promise<Judgement> {
  const judgement = await judgePlan(app, chain, { incident, plan, simulation })
  const { automatic, reasons, statement } = judgement
  const word = automatic
    ? 'Enough is known to act without people'
    : `For people to decide, because ${reasons.join('; ')}`
  await recordStep(app, context, {
    kind: 'decision',
    message: `${word}. ${statement}.`,
    evidence: { kind: 'decision', body: judgement },
  })
  return judgement
}

/** Uses the current state; checked again at signing. */
async function authoriseIt(
  { app, chain, incident }: Work,
  plan: ContainmentPlan,
): Promise<AuthorisationVerdict> {
  if (!isAtHand(app, plan)) return { allowed: false, reasons: [notOurs(plan)] }
  const installation = await installationFor(app.store, incident)
  const context = authorisationContext({ ...app, rpc: chain.rpc, installation, exceptPlanId: plan.id })
  return authorise({ ...context, plan, authorisations: await allAuthorisations(app.store, app.config) })
}

/** Whether every requirement of the plan's route was present when it was made, and its sender still is. */
export function isAtHand({ signers }: App, plan: ContainmentPlan): boolean {
  const sender = senderOf(plan)
  return plan.lever.authority?.live === true && sender !== null && signers.has(sender)
}

/** Records the exact call that waits for people, and why. */
export async function propose(
  { app, context }: Pick<Work, 'app' | 'context'>,
  { plan, reasons }: { plan: ContainmentPlan; reasons: readonly string[] },
): Promise<void> {
  const { lever } = plan
  const rpc = app.chains.get(lever.chainId)?.rpc
  const proposal = rpc === undefined ? null : await safeProposal(plan, rpc)
  const asSafe =
    proposal === null
      ? ''
      : ` Its owners sign SafeTx ${proposal.safeTxHash} (nonce ${proposal.nonce}; typed data in the evidence).`
  const message = `Nothing was sent because ${reasons.join('; ')}. To approve ${lever.signature} of ${lever.target}: cordon approvals sign ${plan.id}. To send it yourself: call ${lever.target} with ${lever.calldata} as ${lever.authority?.address ?? 'its guardian'}.${asSafe}`
  await recordStep(app, context, {
    kind: 'plan',
    message,
    evidence: {
      kind: 'proposal',
      body: { planId: plan.id, proposed: true, reasons: [...reasons], safe: proposal },
    },
    facts: { planId: plan.id, proposed: true },
  })
}
