import { printable } from '../kit/text.ts'
import type { Notification } from '../model/notification.ts'

const LINE_LENGTH = 1_000

/**
 * A notification that is safe to print anywhere: names and messages that come from chains may contain terminal escapes
 * or marks that reverse text. The body keeps its line breaks.
 */
export function printableNotification(notification: Notification): Notification {
  return {
    ...notification,
    title: printable(notification.title, 200),
    body: notification.body
      .split('\n')
      .map((line) => printable(line, LINE_LENGTH))
      .join('\n'),
    recipients: notification.recipients.map((name) => printable(name)),
    facts: printableValue(notification.facts) as Record<string, unknown>,
  }
}

function printableValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value, LINE_LENGTH)
  if (Array.isArray(value)) return value.map(printableValue)
  if (value === null || typeof value !== 'object') return value
  const pairs = Object.entries(value).map(([name, inner]) => [printable(name), printableValue(inner)])
  return Object.fromEntries(pairs)
}
