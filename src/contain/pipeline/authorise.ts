import type { ContainmentPlan } from '../../model/containment.ts'
import { type AuthorisationVerdict, authorise as judge } from '../approval/authorise.ts'
import { allAuthorisations, authorisationContext, installationFor } from '../approval/standing.ts'
import { notOurs } from '../planning/plan.ts'
import { senderOf } from '../routes/route.ts'
import type { Containing, Means } from './containing.ts'

/**
 * Authorise: whether a standing authorisation that a person signed covers the plan, as of now. Checked again at the
 * signature.
 */
export function authorise(containing: Containing, plan: ContainmentPlan): Promise<AuthorisationVerdict> {
  return containing.durable(`authorise:${plan.id}`, () => authorisedNow(containing, plan))
}

async function authorisedNow(
  { means, chain, incident }: Containing,
  plan: ContainmentPlan,
): Promise<AuthorisationVerdict> {
  if (!isAtHand(means, plan)) return { allowed: false, reasons: [notOurs(plan)] }
  const { store, clock, config } = means
  const installation = await installationFor(store, incident)
  const sources = { store, clock, config, rpc: chain.rpc, installation, exceptPlanId: plan.id }
  const authorisations = await allAuthorisations(store, config)
  return judge({ ...authorisationContext(sources), plan, authorisations })
}

/** Whether every requirement of the plan's route was present when it was made, and its sender still is. */
export function isAtHand({ signers }: Pick<Means, 'signers'>, plan: ContainmentPlan): boolean {
  const sender = senderOf(plan)
  return plan.lever.authority?.live === true && sender !== null && signers.has(sender)
}
