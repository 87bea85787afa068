import { z } from 'zod'
import type { Clock } from '../kit/clock.ts'
import type { Channel } from '../model/notification.ts'
import { consoleChannel } from './console.ts'
import { webhookChannel } from './webhook.ts'

/** What a channel may use of the world. */
export type ChannelTools = { clock: Clock; write: (line: string) => void }

const consoleConfig = z.strictObject({ kind: z.literal('console') })
const webhookConfig = z.strictObject({
  kind: z.literal('webhook'),
  url: z.url({ protocol: /^https?$/ }),
  secret: z.string(),
})

/** The configuration of one channel. */
export const channelConfigSchema = z.discriminatedUnion('kind', [consoleConfig, webhookConfig])
export type ChannelConfig = z.infer<typeof channelConfigSchema>

type Makers = {
  [Kind in ChannelConfig['kind']]: (
    config: Extract<ChannelConfig, { kind: Kind }>,
    id: string,
    tools: ChannelTools,
  ) => Channel
}

/** Every kind of channel there is: a new one is a file, a schema above and a line here. */
const makers: Makers = {
  console: (_config, id, { write }) => consoleChannel({ id, write }),
  webhook: ({ url, secret }, id, { clock }) => webhookChannel({ id, url, secret, clock }),
}

/** Makes the channel that a configuration asks for; `id` is its name there. Throws `notify.BadSecret`. */
export function makeChannel(config: ChannelConfig, id: string, tools: ChannelTools): Channel {
  const make = makers[config.kind] as (config: ChannelConfig, id: string, tools: ChannelTools) => Channel
  return make(config, id, tools)
}
