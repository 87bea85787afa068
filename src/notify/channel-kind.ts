import type { z } from 'zod'
import type { Clock } from '../kit/clock.ts'
import type { Channel } from '../model/notification.ts'

/** The parts of the outside world that a channel may use. */
export type ChannelTools = {
  /** Its name in the configuration. */
  id: string
  clock: Clock
  /** Writes to the terminal. */
  write: (line: string) => void
  /** The secret in an environment variable that an option names. Throws `app.SecretMissing`. */
  secret: (variable: string, option: string) => string
}

/**
 * A kind of channel: everything that the program knows of it. Options are the fields next to `kind` in `channels` of
 * the configuration. A new kind is one folder in `channels/` and one line in `registry.ts` (docs/guides/extending.md).
 */
export type ChannelKind<Options = unknown> = {
  kind: string
  options: z.ZodType<Options>
  /** Throws `app.SecretMissing` and the errors of the kind. */
  open(options: Options, tools: ChannelTools): Channel
  /** Variables with the secrets that it needs, by option. */
  secrets(options: Options): Readonly<Record<string, string>>
  /** An http(s) URL that `doctor` probes; null if there is none. */
  url(options: Options): string | null
}

/** Keeps the name and the option types of a kind in its definition. */
export function channelKind<K extends string, S extends z.ZodType>(
  kind: Omit<ChannelKind<z.output<S>>, 'kind' | 'options'> & { kind: K; options: S },
): typeof kind {
  return kind
}
