import { z } from 'zod'
import { printable } from '../../kit/text.ts'
import type { Channel } from '../../model/notification.ts'
import { channelKind } from '../channel-kind.ts'
import { printableNotification } from '../printable.ts'

const LINE_LENGTH = 400

/** Writes to the terminal in which Cordon runs. */
export const consoleKind = channelKind({
  kind: 'console',
  options: z.strictObject({}),
  open: (_, { id, write }) => consoleChannel({ id, write }),
  secrets: () => ({}),
  url: () => null,
})

/** Writes each notification through `write`: a line with title and receivers, then a line for each line of the body. */
export function consoleChannel(options: { id: string; write: (line: string) => void }): Channel {
  return {
    id: options.id,
    deliver: async (notification) => {
      const { title, body, roles, recipients } = printableNotification(notification)
      const whom = recipients.length > 0 ? recipients : roles
      options.write(`${printable(title, LINE_LENGTH)} (to ${whom.join(', ')})\n`)
      for (const line of body.split('\n'))
        if (line !== '') options.write(`    ${printable(line, LINE_LENGTH)}\n`)
    },
  }
}
