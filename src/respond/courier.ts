import { messageOf } from '../kit/error.ts'
import { sha256 } from '../kit/json.ts'
import { type Severity, severityRank } from '../model/finding.ts'
import type { Notification } from '../model/notification.ts'
import { pageTitle } from '../notify/title.ts'
import {
  claimCrowd,
  claimDue,
  listCrowds,
  type QueuedNotification,
  queueNotification,
} from '../store/notifications.ts'
import { transaction } from '../store/store.ts'
import type { App } from './context.ts'
import { LEASE_MS, send, subjectOf } from './outbox.ts'
import { sealedHead } from './sealed-head.ts'

/** Interval between scans of the outbox, in milliseconds. */
const LOOK_MS = 5_000
/** Interval between digests in a storm, in milliseconds. */
const DIGEST_MS = 30_000
/** Messages taken in one batch. */
const AT_ONCE = 16
/** Incidents that a digest names; the others it counts. */
const MOST_NAMED = 10

export type Courier = { stop(): Promise<void> }

/**
 * Scans the outbox and seals what was written since: it resends the messages that a channel refused, sends those that a
 * dead process left behind, and sums up those that a storm grouped. Several processes may do so on one database: each
 * message is taken by one.
 */
export function startCourier(app: App): Courier {
  const abort = new AbortController()
  let digestDue = app.clock.now() + DIGEST_MS
  const round = async (): Promise<void> => {
    await resendDue(app)
    await sealedHead(app)
    if (app.clock.now() < digestDue) return
    digestDue = app.clock.now() + DIGEST_MS
    await sendDigests(app)
  }
  const loop = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      await round().catch((thrown: unknown) =>
        app.logger.warn({ reason: messageOf(thrown) }, 'the outbox could not be looked through'),
      )
      await app.clock.sleep(LOOK_MS, abort.signal)
    }
  }
  const ended = loop()
  return {
    async stop() {
      abort.abort()
      await ended
    },
  }
}

/** Resends the messages that are due. */
export async function resendDue(app: App): Promise<void> {
  const now = app.clock.now()
  const due = await claimDue(app.store, { now, leaseUntil: now + LEASE_MS, most: AT_ONCE })
  await Promise.all(due.map(({ notification, ...at }) => send(app, notification, at)))
}

/** One message for each kind, about everything that was grouped since the last one. */
export async function sendDigests(app: App): Promise<void> {
  for (const key of await listCrowds(app.store)) {
    const digest = await transaction(app.store, async (tx) => {
      const id = sha256(`digest:${key}:${app.clock.now()}`).slice(0, 32)
      const crowd = await claimCrowd(tx, key, id)
      const message = digestOf(app, { id, crowd })
      if (message === null) return null
      await queueNotification(tx, message, { leaseUntil: app.clock.now() + LEASE_MS })
      return message
    })
    if (digest !== null) await send(app, digest, { attempts: 0, missed: null })
  }
}

function digestOf(
  { clock }: App,
  { id, crowd }: { id: string; crowd: readonly QueuedNotification[] },
): Notification | null {
  const messages = crowd.map(({ notification }) => notification)
  const [first] = messages
  if (first === undefined) return null
  const gravest = messages.reduce<Severity>(
    (worst, { severity }) => (severityRank(severity) > severityRank(worst) ? severity : worst),
    first.severity,
  )
  const incidents = [...new Set(messages.flatMap(({ incidentId }) => incidentId ?? []))]
  const named = messages.slice(0, MOST_NAMED).map(({ title, incidentId }) => `${incidentId}: ${title}`)
  const rest = messages.length - named.length
  return {
    id,
    incidentId: null,
    kind: first.kind,
    roles: first.roles,
    recipients: [],
    severity: gravest,
    title: pageTitle({ kind: first.kind, severity: gravest }, `${messages.length} more: ${subjectOf(first)}`),
    body: [
      `There are so many that they share this message; each of the ${incidents.length} incidents has its own record.`,
      ...named,
      ...(rest > 0 ? [`and ${rest} more`] : []),
    ].join('\n'),
    at: clock.now(),
    facts: { incidents: incidents.slice(0, 1_000), messages: messages.length },
  }
}
