import { note } from '../incidents/context.ts'
import { durationText } from '../kit/duration.ts'
import type { Notification } from '../model/notification.ts'
import { type DeliveryResult, notifyRoles } from '../notify/deliver.ts'
import {
  type QueuedNotification,
  type Queueing,
  queueNotification,
  settleNotification,
} from '../store/notifications.ts'
import { transaction } from '../store/store.ts'
import type { App } from './context.ts'
import { sealedHead } from './sealed-head.ts'

/** A message of a process that dies while sending is free for others after this time, in milliseconds. */
export const LEASE_MS = 90_000
/** Pages of one kind that are sent one by one within {@link CROWD_MS}; the others of that time share a message. */
const MOST_ALONE = 5
const CROWD_MS = 60_000
/** The first wait before a failed channel is tried again; it doubles up to the longest. */
const FIRST_WAIT_MS = 15_000
const LONGEST_WAIT_MS = 30 * 60_000
/** After this time a message that never arrived is given up: it is on the timeline by then, twice. */
const GIVE_UP_MS = 24 * 60 * 60_000

/**
 * Stores a notification in the outbox, sends it, and settles it there. A channel that fails is tried again later, also
 * across restarts; the incident's timeline records it. In a storm of the same page to the same roles only the first are
 * sent: a periodic message names the others. Returns who was reached, nobody if it was left to such a message.
 */
export async function deliver(app: App, notification: Notification): Promise<DeliveryResult[]> {
  const { state } = await queueNotification(app.store, notification, queueingOf(app, notification))
  if (state === 'grouped') return []
  return send(app, notification, { attempts: 0, missed: null })
}

/** How a notification enters the outbox; one that is not about an incident is never grouped. */
export function queueingOf({ clock }: App, notification: Notification): Queueing {
  const { incidentId, kind, roles } = notification
  const leaseUntil = clock.now() + LEASE_MS
  if (incidentId === null) return { leaseUntil }
  const subject = subjectOf(notification)
  const key = [kind, [...roles].sort().join(','), subject].join(' | ')
  return { leaseUntil, group: { key, most: MOST_ALONE, withinMs: CROWD_MS } }
}

/**
 * The common subject of pages of one kind: the name of the step that sends them, otherwise the title up to the
 * incident’s own.
 */
export function subjectOf({ facts, title }: Pick<Notification, 'facts' | 'title'>): string {
  const { subject } = facts
  return typeof subject === 'string' ? subject : (title.replace(/^DRILL: /, '').split(': ')[0] ?? title)
}

/**
 * Sends over the channels that have not accepted it yet, and records the outcome. The signed head of the record goes
 * with it, so that others hold it: `facts.record`.
 */
export async function send(
  app: App,
  notification: Notification,
  { attempts, missed }: Pick<QueuedNotification, 'attempts' | 'missed'>,
): Promise<DeliveryResult[]> {
  const all = [...app.channels.values()]
  const record = await sealedHead(app)
  const results = await notifyRoles({
    roles: app.config.roles,
    channels: all,
    notification:
      record === undefined ? notification : { ...notification, facts: { ...notification.facts, record } },
    ...(missed === null ? {} : { only: missed }),
  })
  const now = app.clock.now()
  const failed = results.filter((result) => result.outcome === 'failed')
  const channels = [...new Set(failed.map(({ channel }) => channel))]
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts)
  const isOver = now + wait - notification.at > GIVE_UP_MS
  const nextAt = channels.length === 0 || isOver ? null : now + wait
  await transaction(
    app.store,
    async (tx) => {
      const state = results.some(({ outcome }) => outcome === 'delivered') ? 'delivered' : 'failed'
      const error = channels.length === 0 && state === 'delivered' ? null : reachedText(results)
      await settleNotification(tx, notification.id, { state, at: now, error, missed: channels, nextAt })
      const message = arrivalText(notification, results, { attempts, now, nextAt })
      if (message === null || notification.incidentId === null) return
      const facts = { notification: notification.id, attempts: attempts + 1, channels, nextAt }
      const { incidentId } = notification
      await note({ store: tx, clock: app.clock }, { incidentId, kind: 'notification', message, facts })
    },
    { idempotent: true },
  )
  return results
}

type Trying = { attempts: number; now: number; nextAt: number | null }

/** The timeline text about a page that did not arrive at once; null if there is nothing new to report. */
function arrivalText(
  { title, at }: Notification,
  results: readonly DeliveryResult[],
  { attempts, now, nextAt }: Trying,
): string | null {
  const missed = results.flatMap((result) =>
    result.outcome === 'failed' ? [`${result.person} over ${result.channel} (${result.error.message})`] : [],
  )
  const isFirst = attempts === 0
  const late = durationText(now - at)
  if (missed.length > 0 && nextAt === null)
    return `Given up after ${late} and ${attempts + 1} attempts: “${title}” never reached ${missed.join('; ')}`
  if (missed.length > 0)
    return isFirst
      ? `“${title}” has not reached ${missed.join('; ')}. Cordon sends it again for up to ${durationText(GIVE_UP_MS)}`
      : null
  const reached = results.filter(({ outcome }) => outcome === 'delivered')
  const people = reached.map(({ person, channel }) => `${person} over ${channel}`).join(', ')
  return isFirst || reached.length === 0
    ? null
    : `“${title}” has now reached ${people}, ${late} late, at attempt ${attempts + 1}`
}

/** The people who were reached and who were not, in one line. */
export function reachedText(results: readonly DeliveryResult[]): string {
  const delivered = results.filter(({ outcome }) => outcome === 'delivered')
  const missed = results.flatMap((result) =>
    result.outcome === 'delivered'
      ? []
      : [`${result.role}${result.person === null ? '' : ` (${result.person})`} not reached`],
  )
  return [`${delivered.length} reached`, ...missed].join('; ')
}
