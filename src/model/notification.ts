import type { Severity } from './finding.ts'
import type { RoleId } from './role.ts'

/** The message that a channel delivers. `id` is the same at every attempt, so a receiver can drop duplicates. */
export type Notification = {
  id: string
  incidentId: string | null
  kind: string
  roles: readonly RoleId[]
  recipients: readonly string[]
  severity: Severity
  title: string
  body: string
  /** Milliseconds since the epoch. */
  at: number
  facts: Record<string, unknown>
}

export type Channel = {
  id: string
  /** Resolves when the receiver has accepted it. Throws `notify.DeliveryFailed`. */
  deliver(notification: Notification): Promise<void>
}
