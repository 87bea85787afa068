import { byHandText, callByHand } from '../../contain/routes/by-hand.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { RoleId } from '../../model/role.ts'
import { tellRoles } from './notify.ts'
import { recordStep } from './record-step.ts'
import type { Work } from './work.ts'

/** The roles that are paged if Cordon could not carry out a decision. */
const CALLED: RoleId[] = ['guardian', 'incident-leader', 'operations']

export type Unsent = { plan: ContainmentPlan; title: string; reasons: readonly string[] }

/**
 * Records on the timeline why a plan's call was not made, and pages people with the exact call: decoded, as bytes, and
 * as a batch for a Safe. Once for each plan and title, however often the step is tried.
 */
export async function pageByHand(
  { app, context }: Pick<Work, 'app' | 'context'>,
  { plan, title, reasons }: Unsent,
): Promise<void> {
  const call = callByHand(plan)
  const why = reasons.join('; ')
  const name = app.names.get(call.to) ?? call.to
  const key = `${plan.id}:${title}`
  await context.durable(`by-hand:${key}`, () =>
    recordStep(app, context, {
      kind: 'error',
      message: `${title} (${call.decoded} on ${name}): ${why}. ${byHandText(call)}`,
      evidence: { kind: 'call-by-hand', body: { planId: plan.id, title, reasons: [...reasons], call } },
    }),
  )
  await tellRoles(app, context, {
    roles: CALLED,
    title,
    body: `${call.decoded} on ${name}: ${why}.\n${byHandText(call)}`,
    part: `:by-hand:${key}`,
  })
}
