import { z } from 'zod'
import { assert } from '../../kit/assert.ts'
import { sha256 } from '../../kit/json.ts'
import type { Incident } from '../../model/incident.ts'
import type { Notification } from '../../model/notification.ts'
import { roleIdSchema } from '../../model/role.ts'
import type { DeliveryResult } from '../../notify/deliver.ts'
import { drillMark } from '../../notify/title.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { pageOf } from '../../reports/page.ts'
import { listFindings } from '../../store/findings.ts'
import { findIncident } from '../../store/incidents.ts'
import { listTimeline } from '../../store/timeline.ts'
import { readable } from '../../words/readable.ts'
import type { App } from '../context.ts'
import { deliver, reachedText } from '../outbox.ts'
import { toldOf } from '../told.ts'
import type { ActionKind } from './action-kind.ts'
import { recordStep } from './record-step.ts'

export const notifyArgs = z.strictObject({
  roles: z.array(roleIdSchema).min(1),
  title: z.string(),
  body: z.string().default(''),
  /** The lead of the page: the `attack`, or the `outcome` of the response. The title if left out. */
  about: z.enum(['attack', 'outcome']).optional(),
})

/**
 * `notify`: notifies roles through the channels of the people in them. Stored in the outbox before it is sent; a retry
 * has the same id, so receivers can drop duplicates. The timeline names each role in which nobody could be reached.
 */
export const notifyKind: ActionKind<z.infer<typeof notifyArgs>> = {
  name: 'notify',
  args: notifyArgs,
  open: (app) => (context, told) => tellRoles(app, context, told),
}

export type Told = z.infer<typeof notifyArgs> & {
  /** Distinguishes the messages of one step; left out if it has one. */
  part?: string
}

/** Composes, delivers and records a message, as durable steps. Returns who was reached. */
export async function tellRoles(app: App, context: ActionContext, told: Told): Promise<DeliveryResult[]> {
  const { roles, part = '' } = told
  const notification = await context.durable(`compose${part}`, () => compose(app, context, told))
  const results = await context.durable(`deliver${part}`, () => deliver(app, notification))
  await context.durable(`record${part}`, async () => {
    const message =
      results.length === 0
        ? `${roles.join(', ')} hear of this in one message with others of its kind: there are many at once.`
        : `Notified ${roles.join(', ')}: ${reachedText(results)}. “${notification.title}”`
    await recordStep(app, context, {
      kind: 'notification',
      message,
      evidence: { kind: 'notification', body: { notification, results } },
      facts: {
        reached: new Set(results.flatMap((it) => (it.outcome === 'delivered' ? [it.person] : []))).size,
        missed: results.filter(({ outcome }) => outcome !== 'delivered').length,
      },
    })
  })
  return results
}

async function compose(
  app: App,
  { incidentId, run, stepId }: ActionContext,
  told: Told,
): Promise<Notification> {
  const incident = await findIncident(app.store, incidentId)
  assert(incident !== undefined, 'a run has an incident')
  return pageAbout(app, incident, { ...told, key: `${run.id}:${stepId}${told.part ?? ''}` })
}

/** A page about an incident as currently recorded; `key` distinguishes it from all others. */
export async function pageAbout(
  app: App,
  incident: Incident,
  { roles, title, body, about, key }: z.infer<typeof notifyArgs> & { key: string },
): Promise<Notification> {
  const { id: incidentId } = incident
  const findings = await listFindings(app.store, incidentId)
  const { containments, lexicon, proposals, words } = await toldOf(app, { incident, findings })
  const timeline = await listTimeline(app.store, incidentId)
  const page = pageOf({
    about: about ?? { title: readable(title, lexicon) },
    // unchanged: it may hold the very call that people copy into a wallet
    lead: body,
    sources: {
      ...{ incident, findings, containments, proposals, lexicon, investigation: null },
      stakes: words.stakes,
      errors: timeline.flatMap(({ kind, message }) => (kind === 'error' ? [message] : [])),
    },
  })
  return {
    id: sha256(key).slice(0, 32),
    incidentId,
    kind: incident.kind,
    roles,
    recipients: [],
    severity: incident.severity,
    title: `${drillMark(incident)}${page.title}`,
    body: page.body,
    at: app.clock.now(),
    facts: {
      ...{ incident: incident.id, state: incident.state, transactions: incident.transactions },
      ...{ chainId: incident.chainId, subject: title, words },
    },
  }
}
