import type { DriftChange } from '../../calibrate/assessor.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { Notification } from '../../model/notification.ts'
import type { App, ChainHandle } from '../context.ts'
import { deliver } from '../outbox.ts'

type Told = { change: DriftChange; blockNumber: number }

/**
 * Drift is reported openly: the traffic that the guarantees rest on no longer looks like the past. If it changes the
 * actions without people, they are paged, and paged again when it is over. Never throws.
 */
export async function tellDrift(app: App, chain: ChainHandle, told: Told): Promise<void> {
  const { chainId } = chain
  const { change, blockNumber } = told
  const { before, now: drift } = change
  const message = {
    stable: 'Traffic looks like the past again: statistical evidence counts as before.',
    widen: 'Traffic may have changed: the intervals of statistical evidence are widened.',
    disarm: `Traffic has changed: ${doesNotAct}`,
  }[drift.stage]
  app.logger.warn({ chainId, stage: drift.stage }, message)
  const facts = { ...drift, blockNumber }
  app.hub.tell({ type: 'notice', chainId, code: 'calibration-drift', message, facts })
  if (drift.stage !== 'disarm' && before !== 'disarm') return
  try {
    await deliver(app, pageOf(app, chain, told))
  } catch (thrown) {
    app.logger.error({ chainId, reason: messageOf(thrown) }, 'could not page about drift')
  }
}

const doesNotAct =
  'evidence that depends on usual traffic (statistics, learned invariants, patterns without a loss) does not act without people until traffic is steady again.'

function pageOf(app: App, chain: ChainHandle, { change, blockNumber }: Told): Notification {
  const drift = change.now
  const isDisarmed = drift.stage !== 'stable'
  const name = chain.config.name ?? `chain ${chain.chainId}`
  const body =
    drift.stage === 'stable'
      ? [
          `Traffic of the protected contracts on ${name} has been steady for long enough.`,
          stillActing(app, chain),
        ]
      : [
          `Traffic of the protected contracts on ${name} has changed by block ${blockNumber}: ${drift.reason}.`,
          `From now on, ${doesNotAct} It still pages and proposes.`,
          stillActing(app, chain),
          'Check who uses the contracts, and how: an attacker may have caused the change.',
        ]
  return {
    id: sha256(`drift:${chain.chainId}:${drift.stage}:${blockNumber}`).slice(0, 32),
    incidentId: null,
    kind: app.kind,
    roles: ['operations', 'guardian', 'incident-leader'],
    recipients: [],
    severity: isDisarmed ? 'high' : 'info',
    title: `${app.kind === 'drill' ? 'DRILL: ' : ''}${isDisarmed ? 'Statistics no longer act without people' : 'Statistics count as before'} on ${name}`,
    body: body.join('\n'),
    at: app.clock.now(),
    facts: { chainId: chain.chainId, block: blockNumber, ...drift },
  }
}

/** The actions without people that do not depend on traffic, in a sentence. */
function stillActing({ config, names }: App, { chainId }: ChainHandle): string {
  const targets = config.authorisations
    .filter((authorisation) => authorisation.chainId === chainId)
    .flatMap((authorisation) => authorisation.targets)
  if (!config.respond.enabled || targets.length === 0)
    return 'Nothing acts without people here: there is no standing authorisation.'
  const named = [...new Set(targets)].map((target) => names.get(target) ?? target).join(', ')
  return `Cordon still acts without people, if a lever stops the attack, on known attack patterns with a loss and on broken declared invariants of ${named}.`
}
