import { verdictOn } from '../../contain/approval/verdict.ts'
import { type ContainmentPlan, protectedBy } from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { findIncident } from '../../store/incidents.ts'
import { findPlan } from '../../store/plans.ts'
import type { App } from '../context.ts'
import { handPullText, pulledByHand } from './pulled-by-hand.ts'
import { recordStep } from './record-step.ts'

/**
 * The first plan about which there is something to do: people decided, or its decision is needless. A plan that is
 * already sent (the process died after signing) goes before all others.
 */
export async function firstDecided(
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
export async function isMoot({ store }: App, plan: ContainmentPlan): Promise<boolean> {
  if (plan.purpose !== 'contain' || (await findBroadcast(store, plan.id)) !== undefined) return false
  const incident = await findIncident(store, plan.incidentId)
  const isOfIncident =
    incident?.protected.includes(protectedBy(plan)) === true && incident.chainId === plan.lever.chainId
  return isOfIncident && incident.state === 'contained'
}

/**
 * The reason why a plan no longer needs a decision: somebody made this exact call by hand, and it holds. Recorded once.
 */
export async function needlessBecause(
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

/** Whether the incident is contained, by any means. */
export async function isContained(app: App, { id }: Incident): Promise<boolean> {
  return (await findIncident(app.store, id))?.state === 'contained'
}
