import { anvilBinary } from '../../chain/sandbox/anvil.ts'
import type { Logger } from '../../kit/logger.ts'
import type { Env } from '../../kit/secret.ts'
import type { LoadedConfig } from '../../model/config.ts'
import { counted } from '../../words/share.ts'
import { examineChain } from './chain.ts'
import { channelChecks } from './channels.ts'
import { attempt, type Check, ok, warning } from './check.ts'
import { databaseChecks } from './database.ts'
import { apiPort, diskSpace, nodeVersion } from './machine.ts'

export type ExamineOptions = { loaded: LoadedConfig; env: Env; logger: Logger }

/** Checks everything that Cordon needs, one check after the other; a failed check never stops the others. */
export async function* examine({ loaded, env, logger }: ExamineOptions): AsyncGenerator<Check> {
  const dataDir = loaded.origin === 'none' ? '.cordon' : loaded.config.dataDir
  yield nodeVersion()
  yield configOf(loaded)
  yield* attempt('disk space', () => diskSpace(dataDir))
  yield* attempt('database', () => databaseChecks({ dataDir, env, logger }))
  if (loaded.origin === 'none') {
    yield* attempt('anvil (for the drill)', async () => [ok('anvil (for the drill)', anvilBinary())])
    return
  }
  const { config } = loaded
  yield* attempt('API port', () => apiPort(config.api.port))
  yield* attempt('channels', () => channelChecks(config, env))
  for (const chain of config.chains) {
    yield* attempt(`chain ${chain.name ?? chain.chainId}`, () =>
      examineChain({ ...config, chains: [chain] }, { env, logger }),
    )
  }
}

function configOf(loaded: LoadedConfig): Check {
  const name = 'configuration'
  if (loaded.origin === 'none')
    return warning({
      name,
      detail: 'none: nothing of yours is watched; `cordon start` runs a drill on a chain of its own',
      fix: 'To watch your protocol, write cordon.config.ts (docs/guides/configuration.md) or give --rpc and --protect.',
    })
  const from = loaded.file ?? 'CORDON_RPC_URL'
  const { chains, protect, roles } = loaded.config
  if (protect.length === 0) {
    return warning({
      name,
      detail: `${from}: no contract is protected, so everything is watched and nothing is ever paused`,
      fix: 'Name your contracts in protect[] or with --protect.',
    })
  }
  const counts = [
    counted(chains.length, 'chain'),
    counted(protect.length, 'contract'),
    counted(Object.keys(roles).length, 'role'),
  ].join(', ')
  return ok(name, `${from}: ${counts}`)
}
