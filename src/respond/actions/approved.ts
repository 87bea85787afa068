import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { verdictOn } from '../../contain/approval/verdict.ts'
import { notOurs } from '../../contain/planning/plan.ts'
import { findAttack, reviveAttack } from '../../contain/trials/attack.ts'
import { assert } from '../../kit/assert.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { ApprovalVerdict } from '../../model/approval.ts'
import { type ContainmentPlan, protectedBy, type Simulation } from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { findIncident } from '../../store/incidents.ts'
import { findPlan } from '../../store/plans.ts'
import { markContaining, unmarkContaining } from '../../store/runs.ts'
import type { App } from '../context.ts'
import { focusedOn } from './attacks-owed.ts'
import { pageByHand } from './by-hand.ts'
import { confirmAndVerify, signAndSend } from './carry-out.ts'
import { holdLever } from './hold-lever.ts'
import { isAtHand, simulateIt, simulateReopenIt } from './prepare.ts'
import { handPullText, pulledByHand } from './pulled-by-hand.ts'
import { recordStep } from './record-step.ts'
import { settle } from './settle.ts'
import { type ContainOutcome, chainOf, operationsFor, type Planned, patiently, type Work } from './work.ts'

export type Awaiting = {
  context: ActionContext
  incident: Incident
  planIds: readonly string[]
  /** Milliseconds since the epoch. */
  deadline: number
  /** Stops waiting once the incident is contained by any means. */
  endsWhenContained?: boolean
}

/**
 * Waits until people decide about each plan, and carries out each one as soon as it is approved. A plan without a
 * decision by the deadline stays proposed.
 */
export async function carryOutApproved(
  app: App,
  { context, incident, planIds, deadline, endsWhenContained = false }: Awaiting,
): Promise<ContainOutcome[]> {
  const outcomes: ContainOutcome[] = []
  const left = new Set(planIds)
  for (let turn = 0; left.size > 0; turn++) {
    const look = async (): Promise<string | undefined> =>
      (await firstDecided(app, incident, [...left])) ??
      (endsWhenContained && (await isContained(app, incident)) ? CONTAINED : undefined)
    const seen = await context.until({ deadline, look })
    const planId = await context.durable(`decided:${turn}`, async () => seen ?? null)
    if (planId === CONTAINED) return [...outcomes, ...(await contained(app, [...left]))]
    if (planId === null) break
    left.delete(planId)
    const { run, stepId } = context
    await markContaining(app.store, run.id, stepId)
    outcomes.push(await decided(app, { context, incident, planId }))
    await settle(app, incident)
    await unmarkContaining(app.store, run.id, stepId)
  }
  for (const planId of left) outcomes.push(await unanswered(app, planId))
  return outcomes
}

/** Stands in place of a plan's id. */
const CONTAINED = 'contained'

async function isContained(app: App, { id }: Incident): Promise<boolean> {
  return (await findIncident(app.store, id))?.state === 'contained'
}

/** Plans that no longer need a decision. */
function contained(app: App, planIds: readonly string[]): Promise<ContainOutcome[]> {
  return Promise.all(
    planIds.map(async (planId) => ({
      ...(await unanswered(app, planId)),
      outcome: 'already-paused' as const,
      reasons: ['the incident is contained otherwise'],
    })),
  )
}

/** A plan that is already sent (the process died after signing) goes before all others. */
async function firstDecided(
  app: App,
  incident: Incident,
  planIds: readonly string[],
): Promise<string | undefined> {
  for (const id of planIds) if ((await findBroadcast(app.store, id)) !== undefined) return id
  for (const id of planIds) {
    const plan = await findPlan(app.store, id)
    if (plan === undefined) continue
    if (await isMoot(app, plan)) return id
    if ((await verdictOn(app, { plan, incident })).state !== 'waiting') return id
    if ((await pulledByHand(app.store, plan)) !== undefined) return id
  }
  return undefined
}

/** Another plan has contained the incident meanwhile: this plan no longer needs a decision. */
async function isMoot({ store }: App, plan: ContainmentPlan): Promise<boolean> {
  if (plan.purpose !== 'contain' || (await findBroadcast(store, plan.id)) !== undefined) return false
  const incident = await findIncident(store, plan.incidentId)
  const isOfIncident =
    incident?.protected.includes(protectedBy(plan)) === true && incident.chainId === plan.lever.chainId
  return isOfIncident && incident.state === 'contained'
}

type Deciding = { context: ActionContext; incident: Incident; planId: string }

async function decided(app: App, { context, incident, planId }: Deciding): Promise<ContainOutcome> {
  const plan = await findPlan(app.store, planId)
  assert(plan !== undefined, 'a plan is kept for ever')
  const needless = await context.durable(`by-hand:${planId}`, () => needlessBecause(app, context, plan))
  if (needless !== null)
    return {
      target: protectedBy(plan),
      planId,
      transactionHash: null,
      outcome: 'already-paused',
      reasons: [needless],
    }
  if (await context.durable(`moot:${planId}`, () => isMoot(app, plan))) {
    const reasons = ['the incident is contained without it']
    return { target: plan.lever.target, planId, transactionHash: null, outcome: 'already-paused', reasons }
  }
  const verdict = await context.durable(`approvals:${planId}`, () => record(app, { context, incident, plan }))
  const base = { target: plan.lever.target, planId, transactionHash: null }
  if (verdict.state === 'refused')
    return { ...base, outcome: 'refused', reasons: [`refused by ${verdict.by}`] }
  if (verdict.state === 'waiting')
    return {
      ...base,
      outcome: 'proposed',
      reasons: ['its approval expired or was withdrawn before it was signed'],
    }
  return carryOut(app, { context, incident, plan })
}

/**
 * The reason why a plan no longer needs a decision: somebody made this exact call by hand, and it holds. Recorded once.
 */
async function needlessBecause(
  app: App,
  context: ActionContext,
  plan: ContainmentPlan,
): Promise<string | null> {
  if ((await findBroadcast(app.store, plan.id)) !== undefined) return null
  const pulled = await pulledByHand(app.store, plan)
  if (pulled === undefined) return null
  const why = handPullText(plan.lever, pulled, app.names)
  const message = `Plan ${plan.id} is needless: ${why}, and it holds. Nobody need decide about it.`
  await recordStep(app, context, {
    kind: 'plan',
    message,
    evidence: { kind: 'plan-needless', body: { planId: plan.id, needless: true, pulled } },
  })
  return why
}

/** Records the current verdict on the timeline, with the signatures that did not count and the reasons. */
async function record(
  app: App,
  { context, incident, plan }: { context: ActionContext; incident: Incident; plan: ContainmentPlan },
): Promise<ApprovalVerdict> {
  const sent = await findBroadcast(app.store, plan.id)
  const verdict: ApprovalVerdict =
    sent === undefined
      ? await verdictOn(app, { plan, incident })
      : { state: 'approved', by: [], rejected: [] }
  const who = 'by' in verdict ? ` by ${[verdict.by].flat().join(', ')}` : ''
  const uncounted = verdict.rejected.map(({ signer, reason }) => `${signer}: ${reason}`).join('; ')
  const message = `${plan.lever.signature} of ${plan.lever.target} is ${verdict.state}${who} (plan ${plan.id}).${uncounted === '' ? '' : ` Not counted: ${uncounted}.`}`
  await recordStep(app, context, {
    kind: 'approval',
    message,
    evidence: { kind: 'approval-verdict', body: { planId: plan.id, ...verdict } },
  })
  return verdict
}

type Approved = { context: ActionContext; incident: Incident; plan: ContainmentPlan }

async function carryOut(app: App, { context, incident, plan }: Approved): Promise<ContainOutcome> {
  const chain = chainOf(app, incident, plan.lever.chainId)
  const found = await context.durable(`attack:${plan.id}`, () =>
    patiently(app, () => findAttack(chain.rpc, focusedOn(incident, plan.attackTransaction))),
  )
  const attack = reviveAttack(found)
  const target = protectedBy(plan)
  const work: Work = { app, chain, context, incident, attack, attempt: context.run.id, target }
  try {
    return await carriedOut(work, plan)
  } catch (thrown) {
    await pageByHand(work, { plan, title: UNSENT, reasons: [messageOf(thrown)] })
    throw thrown
  }
}

const UNSENT = 'Approved, and Cordon cannot send it'

async function carriedOut(work: Work, plan: ContainmentPlan): Promise<ContainOutcome> {
  const { app, chain, context, target } = work
  const base = { target, planId: plan.id, transactionHash: null }
  const unsent = async (reason: string): Promise<ContainOutcome> => {
    await pageByHand(work, { plan, title: UNSENT, reasons: [reason] })
    return { ...base, outcome: 'failed', reasons: [reason] }
  }
  if (!isAtHand(app, plan)) return unsent(notOurs(plan))
  const operations = await operationsFor(work)
  const latest = await context.durable(`latest:${plan.id}`, async () => await getBlockNumber(chain.rpc))
  const simulation = await context.durable(`simulate:${plan.id}`, () =>
    patiently(app, () => simulatedNow(work, { plan: { ...plan, pinnedBlock: latest }, operations })),
  )
  if (!simulation.leverSucceeded) return unsent('it fails in the simulation on the state of now')
  if (plan.purpose === 'contain') {
    const held = await context.durable(`hold:${plan.id}`, () => holdLever(work, { plan, isAutomatic: false }))
    if (held.kind !== 'held')
      return { ...base, outcome: 'already-paused', reasons: [`${plan.lever.signature} ${held.why}`] }
  }
  const signing = { plan, simulation, ground: { kind: 'approved' } as const }
  const sending = await signAndSend(work, signing)
  if (sending.kind === 'sent')
    return confirmAndVerify(work, { ...signing, operations, broadcast: sending.broadcast })
  const reasons = [...sending.reasons]
  await pageByHand(work, { plan, title: 'Not sent: its approval does not hold any more', reasons })
  return { ...base, outcome: 'proposed', reasons }
}

/** Fails the step if an approved plan could not be sent. Throws `app.ApprovedNotSent`. */
export function failUnsent(outcomes: readonly ContainOutcome[]): void {
  const unsent = outcomes.filter(({ outcome }) => outcome === 'failed')
  if (unsent.length === 0) return
  throw new CordonError({
    code: 'app.ApprovedNotSent',
    message: `What people approved was not sent: ${unsent.map(({ target, reasons }) => `${target} (${reasons.join('; ')})`).join(', ')}.`,
    facts: { plans: unsent.map(({ planId }) => planId) },
    fix: 'Make the call by hand: the timeline and the page have it, decoded and as calldata. Then put right what is named (signer, funds) and check with `cordon doctor`.',
  })
}

/** Simulates on the current state: people may have taken their time. */
function simulatedNow(work: Work, planned: Planned): Promise<Simulation> {
  return planned.plan.purpose === 'reopen' ? simulateReopenIt(work, planned) : simulateIt(work, planned)
}

async function unanswered(app: App, planId: string): Promise<ContainOutcome> {
  const plan = await findPlan(app.store, planId)
  return {
    target: plan?.lever.target ?? '0x',
    planId,
    transactionHash: null,
    outcome: 'proposed',
    reasons: ['nobody decided in time'],
  }
}
