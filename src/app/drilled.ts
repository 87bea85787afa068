import { approvalTypedData } from '../contain/approval/approval-data.ts'
import { ruleOn, verdictOn } from '../contain/approval/verdict.ts'
import type { DrilledCordon, DrilledOptions, PlanDesk } from '../drills/cordon.ts'
import { giveApproval, planToDecide, termsFor } from '../respond/approvals/desk.ts'
import type { App } from '../respond/context.ts'
import { type RunningApp, startApp } from './start.ts'

/** The whole program for a drill. Throws the errors of {@link startApp}. */
export async function startDrilled(options: DrilledOptions): Promise<RunningApp & DrilledCordon> {
  const running = await startApp(options)
  return { ...running, desk: deskOf(running.app) }
}

function deskOf(app: App): PlanDesk {
  return {
    ruleOn: (plan, incident) => ruleOn(app, { plan, incident }),
    verdictOn: (plan, incident) => verdictOn(app, { plan, incident }),
    async approve(planId, signer) {
      const terms = await termsFor(app, await planToDecide(app, planId), { decision: 'approve' })
      const signature = await signer.signTypedData(approvalTypedData(terms))
      await giveApproval(app, { ...terms, signer: signer.address, signature })
    },
  }
}
