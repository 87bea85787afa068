import { printable } from '../kit/text.ts'
import type { Channel } from '../model/notification.ts'
import { printableNotification } from './printable.ts'

const LINE_LENGTH = 500

/** Writes each notification as one line through `write` (which adds nothing), for a terminal or a log. */
export function consoleChannel(options: { id: string; write: (line: string) => void }): Channel {
  return {
    id: options.id,
    deliver: async (notification) => {
      const { severity, title, body, roles, recipients } = printableNotification(notification)
      const whom = recipients.length > 0 ? recipients : roles
      const text = body ? `${title}: ${body.replaceAll('\n', ' ')}` : title
      options.write(`[${severity.toUpperCase()}] ${printable(text, LINE_LENGTH)} (to ${whom.join(', ')})\n`)
    },
  }
}
