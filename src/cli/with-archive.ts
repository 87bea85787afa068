import { namesOf } from '../model/config.ts'
import { type IncidentArchive, openArchive } from '../reports/share/archive.ts'
import { configuredAccounts } from '../reports/share/defenders.ts'
import type { Io } from './io.ts'
import { type CommonOptions, load } from './options.ts'

/** Opens the record of the named configuration, or of the folder here, for one command. */
export async function withArchive(
  options: CommonOptions,
  io: Io,
  act: (archive: IncidentArchive) => Promise<number>,
): Promise<number> {
  const loaded = await load(options, io)
  const dataDir = loaded.origin === 'none' ? '.cordon' : loaded.config.dataDir
  const names = loaded.origin === 'none' ? new Map() : namesOf(loaded.config)
  const own = loaded.origin === 'none' ? new Map() : configuredAccounts(loaded.config)
  const archive = await openArchive({ dataDir, names, own, env: io.env, logger: io.logger })
  try {
    return await act(archive)
  } finally {
    await archive.close()
  }
}
