import type { Notice } from '../../contain/pipeline/notice.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import type { App } from '../context.ts'
import { pageByHand } from './by-hand.ts'
import { tellRoles } from './notify.ts'
import { recordStep } from './record-step.ts'
import { stageEntry } from './stage-entry.ts'

/** Records the results of the stages in one step's name, and pages people where they must act. */
export function tellOn(app: App, context: ActionContext): (notice: Notice) => Promise<void> {
  return async (notice) => {
    switch (notice.kind) {
      case 'limited':
        return pageLimit(app, context, notice)
      case 'fee-cap-too-low': {
        const { plan, why } = notice
        return pageByHand({ app, context }, { plan, title: 'The fee cap is too low', reasons: [why] })
      }
      default:
        return recordStep(app, context, stageEntry(notice, app.names))
    }
  }
}

/** Pages the people who can act: automation has reached its limit, and the attack continues. */
async function pageLimit(
  app: App,
  context: ActionContext,
  { plan, why }: { plan: ContainmentPlan; why: string },
): Promise<void> {
  const target = app.names.get(plan.lever.target) ?? plan.lever.target
  await tellRoles(app, context, {
    roles: ['incident-leader', 'guardian', 'operations'],
    title: `Nothing was sent to ${target}`,
    body: `Nothing was sent because ${why}. Approve plan ${plan.id}, or pull it by hand.`,
    part: `:limit:${plan.id}`,
  })
}
