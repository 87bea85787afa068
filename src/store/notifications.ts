import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { severitySchema } from '../model/finding.ts'
import type { Notification } from '../model/notification.ts'
import { roleIdSchema } from '../model/role.ts'
import { change, row, rows, type Store } from './store.ts'

const notificationSchema = z.object({
  id: z.string(),
  incidentId: z.string().nullable(),
  kind: z.string(),
  roles: z.array(roleIdSchema),
  recipients: z.array(z.string()),
  severity: severitySchema,
  title: z.string(),
  body: z.string(),
  at: z.number().int(),
  facts: z.record(z.string(), z.unknown()),
})

const queuedSchema = z.object({
  notification: notificationSchema,
  state: z.enum(['queued', 'delivered', 'failed']),
  /** Deliveries tried. */
  attempts: z.number().int(),
  lastError: z.string().nullable(),
  queuedAt: z.number().int(),
  settledAt: z.number().int().nullable(),
})
/** A notification in the outbox. */
export type QueuedNotification = z.infer<typeof queuedSchema>

const COLUMNS = `document AS notification, state, attempts, last_error AS "lastError", queued_at AS "queuedAt",
  settled_at AS "settledAt"`

/** Puts a notification into the outbox; false where one with its id is there already. */
export async function queueNotification(store: Store, notification: Notification): Promise<boolean> {
  const sql = `INSERT INTO notifications (id, incident_id, state, queued_at, document)
    VALUES ($1, $2, 'queued', $3, $4) ON CONFLICT DO NOTHING`
  const { id, incidentId, at } = notification
  return (await change(store, sql, [id, incidentId, at, toJson(notification)])) === 1
}

export type DeliveryOutcome =
  | { state: 'delivered'; at: number }
  | { state: 'failed'; at: number; error: string }
  /** Failed for now: stays queued. */
  | { state: 'queued'; error: string }

/** Writes down how a delivery went. What was delivered stays delivered: false there. */
export async function settleNotification(
  store: Store,
  id: string,
  outcome: DeliveryOutcome,
): Promise<boolean> {
  const sql = `UPDATE notifications SET state = $2, attempts = attempts + 1, last_error = $3, settled_at = $4
    WHERE id = $1 AND state <> 'delivered'`
  const error = outcome.state === 'delivered' ? null : outcome.error
  const at = outcome.state === 'queued' ? null : outcome.at
  return (await change(store, sql, [id, outcome.state, error, at])) === 1
}

/** Notifications not yet delivered or given up, oldest first. */
export async function listQueuedNotifications(store: Store): Promise<QueuedNotification[]> {
  const sql = `SELECT ${COLUMNS} FROM notifications WHERE state = 'queued' ORDER BY queued_at, id`
  return rows(store, queuedSchema, sql)
}

/** One notification, or undefined. */
export async function findNotification(store: Store, id: string): Promise<QueuedNotification | undefined> {
  return row(store, queuedSchema, `SELECT ${COLUMNS} FROM notifications WHERE id = $1`, [id])
}
