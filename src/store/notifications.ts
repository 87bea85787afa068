import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { severitySchema } from '../model/finding.ts'
import type { Notification } from '../model/notification.ts'
import { roleIdSchema } from '../model/role.ts'
import { change, row, rows, type Store, transaction } from './store.ts'

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
  /** `grouped`: one of too many of its kind; a digest covers it. */
  state: z.enum(['queued', 'delivered', 'failed', 'grouped']),
  /** Number of delivery attempts. */
  attempts: z.number().int(),
  lastError: z.string().nullable(),
  queuedAt: z.number().int(),
  settledAt: z.number().int().nullable(),
  /** The time of the next attempt, in milliseconds; null where there is nothing left to do. */
  nextAt: z.number().int().nullable(),
  /** Channels that have not accepted it; null before the first attempt. */
  missed: z.array(z.string()).nullable(),
})
/** A notification in the outbox. */
export type QueuedNotification = z.infer<typeof queuedSchema>

const COLUMNS = `document AS notification, state, attempts, last_error AS "lastError", queued_at AS "queuedAt",
  settled_at AS "settledAt", next_at AS "nextAt", missed`

export type Queueing = {
  /** When another process may send it, in milliseconds: its writer has until then. */
  leaseUntil: number
  /** At most this many with the same key within a time are sent individually; the others are grouped. */
  group?: { key: string; most: number; withinMs: number }
}

/** Puts a notification into the outbox; returns its standing there, and whether it was there before. */
export async function queueNotification(
  store: Store,
  notification: Notification,
  { leaseUntil, group }: Queueing,
): Promise<{ isNew: boolean; state: QueuedNotification['state'] }> {
  const sql = `INSERT INTO notifications (id, incident_id, state, queued_at, next_at, group_key, document)
    SELECT $1, $2, CASE WHEN crowded THEN 'grouped' ELSE 'queued' END, $3, CASE WHEN crowded THEN NULL ELSE $4::int8 END,
      $5, $8::json
    FROM (SELECT $5::text IS NOT NULL AND count(*) >= $6 AS crowded FROM notifications
      WHERE group_key = $5 AND state <> 'grouped' AND queued_at > $3::int8 - $7::int8) AS recent
    ON CONFLICT DO NOTHING RETURNING state`
  const { id, incidentId, at } = notification
  const crowd = [group?.key ?? null, group?.most ?? 0, group?.withinMs ?? 0]
  const values = [id, incidentId, at, leaseUntil, ...crowd, toJson(notification)]
  return transaction(
    store,
    async (tx) => {
      const schema = queuedSchema.pick({ state: true })
      const written = await row(tx, schema, sql, values)
      const known = written ?? (await row(tx, schema, 'SELECT state FROM notifications WHERE id = $1', [id]))
      return { isNew: written !== undefined, state: known?.state ?? 'queued' }
    },
    { idempotent: true },
  )
}

export type DeliveryOutcome = {
  state: 'delivered' | 'failed'
  at: number
  /** Null where everyone was reached. */
  error: string | null
  /** Channels that have not accepted it. */
  missed: readonly string[]
  /** The time of their next attempt, in milliseconds; null: never. */
  nextAt: number | null
}

/** Records the result of a delivery. A notification that reached a receiver stays delivered. */
export async function settleNotification(store: Store, id: string, outcome: DeliveryOutcome): Promise<void> {
  const sql = `UPDATE notifications SET attempts = attempts + 1, last_error = $3, missed = $5, next_at = $6,
      settled_at = CASE WHEN state = 'delivered' THEN settled_at ELSE $4 END,
      state = CASE WHEN state = 'delivered' THEN state ELSE $2 END
    WHERE id = $1`
  const { state, at, error, missed, nextAt } = outcome
  await change(store, sql, [id, state, error, at, missed, nextAt])
}

/** Claims due notifications for this process alone, until a time; oldest first. */
export async function claimDue(
  store: Store,
  claim: { now: number; leaseUntil: number; most: number },
): Promise<QueuedNotification[]> {
  const sql = `UPDATE notifications SET next_at = $2 WHERE id IN (SELECT id FROM notifications WHERE next_at <= $1
    ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING ${COLUMNS}`
  return transaction(store, (tx) => rows(tx, queuedSchema, sql, [claim.now, claim.leaseUntil, claim.most]))
}

/** Kinds with grouped notifications that no digest covers yet. */
export async function listCrowds(store: Store): Promise<string[]> {
  const sql = `SELECT DISTINCT group_key AS key FROM notifications WHERE state = 'grouped' AND digest_id IS NULL`
  return (await rows(store, z.object({ key: z.string() }), sql)).map(({ key }) => key)
}

/** Assigns the grouped ones of a kind to a digest, each to one only; oldest first. */
export async function claimCrowd(tx: Store, key: string, digestId: string): Promise<QueuedNotification[]> {
  const sql = `WITH claimed AS (UPDATE notifications SET digest_id = $2
      WHERE group_key = $1 AND state = 'grouped' AND digest_id IS NULL RETURNING *)
    SELECT ${COLUMNS} FROM claimed ORDER BY queued_at, id`
  return rows(tx, queuedSchema, sql, [key, digestId])
}

/** Notifications not yet delivered or abandoned, oldest first. */
export async function listQueuedNotifications(store: Store): Promise<QueuedNotification[]> {
  const sql = `SELECT ${COLUMNS} FROM notifications WHERE state = 'queued' ORDER BY queued_at, id`
  return rows(store, queuedSchema, sql)
}

/** One notification, or undefined. */
export async function findNotification(store: Store, id: string): Promise<QueuedNotification | undefined> {
  return row(store, queuedSchema, `SELECT ${COLUMNS} FROM notifications WHERE id = $1`, [id])
}

/** Notifications since a time (milliseconds) that were tried and have reached no one. */
export async function countUndelivered(store: Store, since: number): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM notifications
    WHERE queued_at >= $1 AND (state = 'failed' OR (state = 'queued' AND attempts > 0))`
  const [counted] = await rows(store, z.object({ count: z.number().int() }), sql, [since])
  return counted?.count ?? 0
}
