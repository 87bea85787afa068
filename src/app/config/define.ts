import type { z } from 'zod'
import type { signerKinds } from '../../contain/signers/registry.ts'
import type { ConfigInput as Settings } from '../../model/config.ts'
import type { channelKinds } from '../../notify/registry.ts'

type OptionsOf<R extends { kind: string; options: z.ZodType }> = R extends unknown
  ? { kind: R['kind'] } & Fields<z.input<R['options']>>
  : never
/** An object without fields takes none. */
type Fields<T> = string extends keyof T ? unknown : T

/** `cordon.config.ts`: every field with its type, options of channels and signers by their kind. */
export type ConfigInput = Omit<Settings, 'channels' | 'signers'> & {
  channels?: Record<string, OptionsOf<(typeof channelKinds)[number]>>
  /** Without a kind it is the name of a variable. */
  signers?: (OptionsOf<(typeof signerKinds)[number]> | { env: string })[]
}

/**
 * Gives `cordon.config.ts` its types.
 *
 * @example
 * export default defineConfig({ chains: [{ chainId: 1, rpcUrls: ['https://node.example'] }] })
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}
