import { CordonError } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import { type LoadedConfig, namesOf } from '../model/config.ts'
import type { Finding } from '../model/finding.ts'
import type { Hash } from '../model/hex.ts'
import type { Incident } from '../model/incident.ts'
import type { Investigation } from '../model/investigation.ts'
import { type IncidentArchive, openArchive } from '../reports/share/archive.ts'

export type IncidentSourceOptions = {
  loaded: LoadedConfig
  incidentId: string
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
}

export type IncidentSource = {
  hashes: Hash[]
  /** The first endpoint of its chain in the configuration; null if there is none. */
  rpcUrl: string | null
  /** The detectors' findings at the time. */
  findings: readonly Finding[]
  /** The other incidents, newest first. */
  others: Incident[]
}

/** The recorded inputs for investigating an incident. Throws `incidents.UnknownIncident`. */
export async function incidentSource({
  loaded,
  incidentId,
  env,
  logger,
}: IncidentSourceOptions): Promise<IncidentSource> {
  const config = loaded.origin === 'none' ? undefined : loaded.config
  const archive = await archiveOf({ loaded, env, logger })
  try {
    const { incident, findings } = await archive.record(incidentId)
    const chain = config?.chains.find(({ chainId }) => chainId === incident.chainId) ?? config?.chains[0]
    const others = (await archive.list()).filter(({ id }) => id !== incidentId)
    return { hashes: incident.transactions, rpcUrl: chain?.rpcUrls[0] ?? null, findings, others }
  } finally {
    await archive.close()
  }
}

/** Adds an investigation to the record of an incident. Throws `incidents.UnknownIncident`. */
export async function recordOnIncident(
  found: Investigation,
  { incidentId, ...options }: IncidentSourceOptions,
): Promise<void> {
  const archive = await archiveOf(options)
  try {
    await archive.recordInvestigation(incidentId, found)
  } finally {
    await archive.close()
  }
}

function archiveOf({
  loaded,
  env,
  logger,
}: Omit<IncidentSourceOptions, 'incidentId'>): Promise<IncidentArchive> {
  const config = loaded.origin === 'none' ? undefined : loaded.config
  const names = config === undefined ? new Map() : namesOf(config)
  return openArchive({ dataDir: config?.dataDir ?? '.cordon', names, env, logger })
}

/** The error for a missing source. */
export function noSource(): CordonError {
  return new CordonError({
    code: 'app.NoSource',
    message: 'No source of the transactions was given.',
    fix: 'Give a bundle file or a JSON-RPC URL, or --incident ID with a configuration that has the chain.',
  })
}
