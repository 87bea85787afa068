import type { ConfigInput } from '../../model/config.ts'

/**
 * Gives `cordon.config.ts` its types.
 *
 * @example
 * export default defineConfig({ chains: [{ chainId: 1, rpcUrls: ['https://node.example'] }] })
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}
