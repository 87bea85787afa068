import type { ReopenStages } from '../contain/trials/reopen.ts'
import { getIncident } from '../incidents/move.ts'
import { systemClock } from '../kit/clock.ts'
import type { Logger } from '../kit/logger.ts'
import type { Env } from '../kit/secret.ts'
import type { Config } from '../model/config.ts'
import { peopleOf } from '../model/role.ts'
import { openDatabase } from '../store/database.ts'
import { stagesFor } from './actions/reopen.ts'
import { openChains } from './chains.ts'

export type ReopeningOptions = { config: Config; env: Env; logger: Logger; incidentId: string }

/**
 * The stages in which the levers that an incident pulled would be opened again, on the current state of the chains.
 * Sends nothing: the `reopen` step of a playbook does, with signed approvals. Throws `incidents.UnknownIncident`.
 */
export async function reopeningOf({
  config,
  env,
  logger,
  incidentId,
}: ReopeningOptions): Promise<ReopenStages> {
  const { store, close } = await openDatabase({ dataDir: config.dataDir, env, logger })
  try {
    await getIncident({ store, clock: systemClock }, incidentId)
    const chains = await openChains(config, systemClock)
    try {
      return await stagesFor({ store, chains, signers: [], others: peopleOf(config) }, incidentId)
    } finally {
      await Promise.all([...chains.values()].map(({ rpc }) => rpc.close()))
    }
  } finally {
    await close()
  }
}

/** The stages as text for people. */
export function describeReopening({ stages, notes }: ReopenStages): string[] {
  if (stages.length === 0) return ['No lever of this incident is pulled and could be undone.', ...notes]
  const lines = stages.flatMap(({ name, plans }, i) => [
    `${i + 1}. ${name}`,
    ...plans.map(
      ({ id, lever }) =>
        `    plan ${id}: ${lever.signature} on ${lever.target} with ${lever.calldata}, by ${lever.authority?.address ?? 'nobody known'}`,
    ),
  ])
  return [...lines, ...notes.map((note) => `Note: ${note}`)]
}
