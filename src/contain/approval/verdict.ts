import type { Clock } from '../../kit/clock.ts'
import type { ActionClass, ApprovalRule, ApprovalVerdict } from '../../model/approval.ts'
import type { Config } from '../../model/config.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import { countLane, listApprovals } from '../../store/approvals.ts'
import type { Store } from '../../store/store.ts'
import { type ApprovalCase, judgeApprovals } from './approve.ts'
import { ruleFor } from './policy.ts'
import { installationFor } from './standing.ts'

export type Judging = { store: Store; clock: Clock; config: Pick<Config, 'roles' | 'approvals'> }
export type Judged = { plan: ContainmentPlan; incident: Pick<Incident, 'severity' | 'kind'> }

/** The policy's current requirements of people for a plan. */
export function ruleOn({ clock, config }: Judging, { plan, incident }: Judged): ApprovalRule {
  const action: ActionClass = plan.purpose === 'reopen' ? 'reopen' : plan.lever.kind
  return ruleFor(config.approvals, { action, severity: incident.severity, now: clock.now() })
}

/** The current verdict of everything that people have signed about a plan. */
export async function verdictOn(judging: Judging, judged: Judged): Promise<ApprovalVerdict> {
  return judgeApprovals(await caseOf(judging, judged))
}

/** A plan with everything that was signed about it, and the inputs of its judgement, as of now. */
export async function caseOf(judging: Judging, judged: Judged): Promise<ApprovalCase> {
  const { store, clock, config } = judging
  const { plan, incident } = judged
  return {
    plan,
    installation: await installationFor(store, incident),
    approvals: await listApprovals(store, plan.id),
    rule: ruleOn(judging, judged),
    roles: config.roles,
    laneNonce: await countLane(store, plan.lever, plan.id),
    now: Math.floor(clock.now() / 1_000),
  }
}
