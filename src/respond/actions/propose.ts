import { verdictOn } from '../../contain/approval/verdict.ts'
import { safeProposal } from '../../contain/routes/safe-route.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Run } from '../../model/playbook.ts'
import { pullApprovedIn } from '../../playbooks/follow-up.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { listPlans } from '../../store/plans.ts'
import { findPlaybook } from '../../store/playbooks.ts'
import { awaitAlso, isAwaited } from '../../store/runs.ts'
import type { App } from '../context.ts'
import { recordStep } from './record-step.ts'
import type { Work } from './work.ts'

export type Proposed = { plan: ContainmentPlan; reasons: readonly string[] }

/**
 * Proposes a plan, unless it already waits for people: while they work on the incident a further attack is not a reason
 * to ask them for the same call again.
 */
export async function proposeOnce(work: Work, proposed: Proposed): Promise<'proposed' | 'still-proposed'> {
  const { app, context } = work
  const { plan, reasons } = proposed
  const waiting = await context.durable(`waiting:${plan.id}`, () => waitingFor(work, plan))
  if (waiting === null) {
    if (await isPulledWhenApproved(app, context.run)) await awaitAlso(app.store, context.run.id, plan.id)
    await propose(work, proposed)
    return 'proposed'
  }
  const message = `Nothing was sent: the same call waits for people already, as plan ${waiting}. Tried against ${plan.attackTransaction ?? 'no transaction'} too; why nothing is sent without people: ${reasons.join('; ')}.`
  await recordStep(app, context, {
    kind: 'plan',
    message,
    evidence: { kind: 'plan-waiting', body: { planId: plan.id, waiting, reasons: [...reasons] } },
  })
  return 'still-proposed'
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

/** Records the exact call that waits for people, and why. */
export async function propose(
  { app, context }: Pick<Work, 'app' | 'context'>,
  { plan, reasons }: Proposed,
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
