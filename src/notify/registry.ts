import type { Clock } from '../kit/clock.ts'
import { type Env, secretOf } from '../kit/secret.ts'
import type { Channel } from '../model/notification.ts'
import { type Registered, registeredAs } from '../model/registration.ts'
import type { ChannelKind } from './channel-kind.ts'
import { consoleKind } from './channels/console.ts'
import { webhookKind } from './channels/webhook/webhook.ts'

/** Every kind of channel there is. */
export const channelKinds = [
  // a line each
  consoleKind,
  webhookKind,
] as const

/** The kind of a channel of the configuration with its options; undefined where there is no such kind. */
export function channelKindOf(given: Registered): { kind: ChannelKind; options: unknown } | undefined {
  return registeredAs<ChannelKind>(channelKinds, given)
}

export type ChannelSources = {
  config: { channels: Readonly<Record<string, Registered>> }
  env: Env
  /** Where the console channel writes its lines. */
  write: (line: string) => void
  clock: Clock
}

/** The channels of a configuration that was checked, by their names. Throws `app.SecretMissing`, `notify.BadSecret`. */
export function openChannels({ config, env, write, clock }: ChannelSources): Map<string, Channel> {
  return new Map(
    Object.entries(config.channels).flatMap(([id, given]) => {
      const found = channelKindOf(given)
      const secret = (variable: string, option: string): string =>
        secretOf(env, variable, `channels.${id}.${option}`)
      return found === undefined
        ? []
        : [[id, found.kind.open(found.options, { id, clock, write, secret })] as const]
    }),
  )
}
