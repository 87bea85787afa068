import { CordonError } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import type { Hash } from '../model/hex.ts'
import type { Incident } from '../model/incident.ts'
import { openArchive } from './archive.ts'
import type { LoadedConfig } from './config/load.ts'
import { namesOf } from './start.ts'

export type IncidentSourceOptions = {
  loaded: LoadedConfig
  incidentId: string
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
}

/**
 * The transactions of an incident on record, the first endpoint of its chain in the configuration (null where there is none),
 * and the other incidents, newest first. Throws `incidents.UnknownIncident`.
 */
export async function incidentSource({
  loaded,
  incidentId,
  env,
  logger,
}: IncidentSourceOptions): Promise<{ hashes: Hash[]; rpcUrl: string | null; others: Incident[] }> {
  const config = loaded.origin === 'none' ? undefined : loaded.config
  const names = config === undefined ? new Map() : namesOf(config)
  const archive = await openArchive({ dataDir: config?.dataDir ?? '.cordon', names, env, logger })
  try {
    const { incident } = await archive.record(incidentId)
    const chain = config?.chains.find(({ chainId }) => chainId === incident.chainId) ?? config?.chains[0]
    const others = (await archive.list()).filter(({ id }) => id !== incidentId)
    return { hashes: incident.transactions, rpcUrl: chain?.rpcUrls[0] ?? null, others }
  } finally {
    await archive.close()
  }
}

/** Nothing says where to read from. */
export function noSource(): CordonError {
  return new CordonError({
    code: 'app.NoSource',
    message: 'Nothing says where the transactions are.',
    fix: 'Give a bundle file or a JSON-RPC URL, or --incident ID with a configuration that has the chain.',
  })
}
