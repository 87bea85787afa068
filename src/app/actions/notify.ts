import { z } from 'zod'
import { assert } from '../../kit/assert.ts'
import { sha256 } from '../../kit/json.ts'
import type { Notification } from '../../model/notification.ts'
import { roleIdSchema } from '../../model/role.ts'
import type { DeliveryResult } from '../../notify/deliver.ts'
import type { Action, ActionContext } from '../../playbooks/action.ts'
import { findIncident } from '../../store/incidents.ts'
import { listTimeline } from '../../store/timeline.ts'
import type { App } from '../context.ts'
import { deliver, reachedText } from '../outbox.ts'
import { recordStep } from './record-step.ts'

export const notifyArgs = z.strictObject({
  roles: z.array(roleIdSchema).min(1),
  title: z.string(),
  body: z.string().default(''),
})

/** What a receiver needs to know to act: the alarm, what is planned or proposed, and whether it holds. */
const TOLD = new Set(['alert', 'plan', 'verification', 'state', 'error'])
const ENTRIES = 3

/**
 * `notify`: tells roles, through the channels of the people in them. Kept in the outbox before it is sent; a retry has
 * the same id, so receivers can drop doubles. A role that nobody could be reached in is said on the timeline.
 */
export function notifyAction(app: App): Action<z.infer<typeof notifyArgs>> {
  return {
    name: 'notify',
    args: notifyArgs,
    run: (context, told) => tellRoles(app, context, told),
  }
}

export type Told = z.infer<typeof notifyArgs> & {
  /** Tells apart the messages of one step; left out where it has one. */
  part?: string
}

/** Composes, delivers and records a message, as durable steps. Gives back who was reached. */
export async function tellRoles(
  app: App,
  context: ActionContext,
  { roles, title, body, part = '' }: Told,
): Promise<DeliveryResult[]> {
  const notification = await context.durable(`compose${part}`, async (): Promise<Notification> => {
    const incident = await findIncident(app.store, context.incidentId)
    assert(incident !== undefined, 'a run has an incident')
    const timeline = await listTimeline(app.store, context.incidentId)
    const told = timeline.filter((entry) => TOLD.has(entry.kind))
    const latest = told.slice(-ENTRIES).map((entry) => entry.message)
    return {
      id: sha256(`${context.run.id}:${context.stepId}${part}`).slice(0, 32),
      incidentId: context.incidentId,
      kind: incident.kind,
      roles,
      recipients: [],
      severity: incident.severity,
      title: `${incident.kind === 'drill' ? 'DRILL: ' : ''}${title}: ${incident.title}`,
      body: [body, ...latest].filter((line) => line !== '').join('\n'),
      at: app.clock.now(),
      facts: { incident: incident.id, state: incident.state, transactions: incident.transactions },
    }
  })
  const results = await context.durable(`deliver${part}`, () => deliver(app, notification))
  await context.durable(`record${part}`, async () => {
    const message =
      results.length === 0
        ? `${roles.join(', ')} hear of this in one message with others of its kind: there are many at once.`
        : `Notified ${roles.join(', ')}: ${reachedText(results)}.`
    await recordStep(app, context, { kind: 'notification', message, body: { notification, results } })
  })
  return results
}
