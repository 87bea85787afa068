import { assert } from '../../kit/assert.ts'
import { CordonError } from '../../kit/error.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { findPlan } from '../../store/plans.ts'
import { markContaining, unmarkContaining } from '../../store/runs.ts'
import type { App } from '../context.ts'
import { decided } from './decided.ts'
import { firstDecided, isContained } from './due.ts'
import { settle } from './settle.ts'
import { type ContainOutcome, unsent } from './work.ts'

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
    if (planId === CONTAINED) return [...outcomes, ...(await undecided(app, left, OVERTAKEN))]
    if (planId === null) break
    left.delete(planId)
    const { run, stepId } = context
    await markContaining(app.store, run.id, stepId)
    const plan = await findPlan(app.store, planId)
    assert(plan !== undefined, 'a plan is kept for ever')
    outcomes.push(await decided(app, { context, incident, plan }))
    await settle(app, incident)
    await unmarkContaining(app.store, run.id, stepId)
  }
  return [...outcomes, ...(await undecided(app, left, UNANSWERED))]
}

/** Stands in place of a plan's id. */
const CONTAINED = 'contained'

/** The outcomes of plans that nobody decided about. */
function undecided({ store }: App, planIds: Iterable<string>, rest: Undecided): Promise<ContainOutcome[]> {
  return Promise.all(
    [...planIds].map(async (planId) => {
      const target = (await findPlan(store, planId))?.lever.target ?? '0x'
      return unsent({ target, planId }, rest.outcome, [rest.reason])
    }),
  )
}

type Undecided = { outcome: ContainOutcome['outcome']; reason: string }
const OVERTAKEN: Undecided = { outcome: 'already-paused', reason: 'the incident is contained otherwise' }
const UNANSWERED: Undecided = { outcome: 'proposed', reason: 'nobody decided in time' }

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
