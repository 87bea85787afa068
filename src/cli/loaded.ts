import { CordonError } from '../kit/error.ts'
import type { Config } from '../model/config.ts'
import type { Io } from './io.ts'
import type { CommonOptions } from './options.ts'
import { load } from './options.ts'

/** The configuration of a command that needs a chain. Throws `app.ConfigMissing` if there is none. */
export async function loadedOrFail(
  options: CommonOptions,
  io: Io,
): Promise<{ config: Config; file: string | null }> {
  const loaded = await load(options, io)
  if (loaded.origin !== 'none') return { config: loaded.config, file: loaded.file }
  throw new CordonError({
    code: 'app.ConfigMissing',
    message: 'No chain was given.',
    facts: { cwd: io.cwd },
    fix: 'Give --rpc URL, set CORDON_RPC_URL, or write a cordon.config.ts (examples/cordon.config.ts).',
  })
}

/** The location of the record: the data folder of the configuration, or the default one without a configuration. */
export async function dataDirOf(options: CommonOptions, io: Io): Promise<string> {
  const loaded = await load(options, io)
  return loaded.origin === 'none' ? '.cordon' : loaded.config.dataDir
}
