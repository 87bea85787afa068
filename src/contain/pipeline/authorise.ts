import type { ContainmentPlan } from '../../model/containment.ts'
import type { AuthorisationVerdict } from '../approval/authorise.ts'
import { authorisedNow } from '../approval/permit.ts'
import { notOurs } from '../planning/plan.ts'
import { senderOf } from '../routes/route.ts'
import type { Containing, Means } from './containing.ts'

/**
 * Authorise: whether a standing authorisation that a person signed covers the plan, as of now. Checked again at the
 * signature.
 */
export function authorise(
  { means, chain, incident, durable }: Containing,
  plan: ContainmentPlan,
): Promise<AuthorisationVerdict> {
  return durable(`authorise:${plan.id}`, async () => {
    if (!isAtHand(means, plan)) return { allowed: false, reasons: [notOurs(plan)] }
    return authorisedNow({ ...means, rpc: chain.rpc }, { plan, incident })
  })
}

/** Whether every requirement of the plan's route was present when it was made, and its sender still is. */
export function isAtHand({ signers }: Pick<Means, 'signers'>, plan: ContainmentPlan): boolean {
  const sender = senderOf(plan)
  return plan.lever.authority?.live === true && sender !== null && signers.has(sender)
}
