import { z } from 'zod'
import { assert } from '../../kit/assert.ts'
import { durationMs } from '../../kit/duration.ts'
import type { Incident } from '../../model/incident.ts'
import { durationSchema } from '../../model/playbook.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { findIncident } from '../../store/incidents.ts'
import { listPlans } from '../../store/plans.ts'
import { markAwaiting } from '../../store/runs.ts'
import type { App } from '../context.ts'
import type { ActionKind } from './action-kind.ts'
import { carryOutApproved, failUnsent } from './approved.ts'

export const pullApprovedArgs = z.strictObject({
  /** How long the step waits for signed approvals: 10m, 1h. */
  wait: durationSchema,
})

/**
 * `pull-approved`: waits for the signed approvals that the policy requires, on every plan of the incident that was
 * proposed and not sent, and carries each out as soon as it is approved: simulated again on the current state, judged
 * again before it is signed. A refused plan stays unsent; at the end of the time so do the rest.
 */
export const pullApprovedKind: ActionKind<z.infer<typeof pullApprovedArgs>> = {
  name: 'pull-approved',
  args: pullApprovedArgs,
  open:
    (app) =>
    async (context, { wait }) => {
      const incident = await findIncident(app.store, context.incidentId)
      assert(incident !== undefined, 'a run has an incident')
      const began = await context.durable('open', async () => ({
        planIds: await openPlans(app, incident),
        deadline: app.clock.now() + (durationMs(wait) ?? 0),
      }))
      await markAwaiting(app.store, context.run.id, began.planIds)
      try {
        const outcomes = await carryOutApproved(app, {
          context,
          incident,
          ...began,
          endsWhenContained: true,
        })
        failUnsent(outcomes)
        return outcomes
      } finally {
        await markAwaiting(app.store, context.run.id, [])
      }
    },
}

/** Plans to contain that were proposed and not sent, oldest first. */
async function openPlans(app: App, incident: Incident): Promise<string[]> {
  const open: string[] = []
  for (const { id, lever, purpose, byHand } of await listPlans(app.store, incident.id)) {
    if (purpose !== 'contain' || !lever.armed || lever.authority === null || byHand !== null) continue
    if ((await findBroadcast(app.store, id)) === undefined) open.push(id)
  }
  return open
}
