import type { ApprovalVerdict } from '../../model/approval.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { verdictOn } from '../approval/verdict.ts'
import type { Containing } from './containing.ts'

/**
 * Approve: the verdict of what people have signed about a plan. A plan that was signed before a crash was approved
 * then. Checked again at the signature.
 */
export function approve(
  { means, incident, durable, tell }: Pick<Containing, 'means' | 'incident' | 'durable' | 'tell'>,
  plan: ContainmentPlan,
): Promise<ApprovalVerdict> {
  return durable(`approvals:${plan.id}`, async () => {
    const isSigned = (await findBroadcast(means.store, plan.id)) !== undefined
    const verdict: ApprovalVerdict = isSigned
      ? { state: 'approved', by: [], rejected: [] }
      : await verdictOn(means, { plan, incident })
    await tell({ kind: 'approval', plan, verdict })
    return verdict
  })
}
