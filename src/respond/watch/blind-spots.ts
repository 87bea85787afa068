import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { Finding } from '../../model/finding.ts'
import { pageTitle } from '../../notify/title.ts'
import { findNotification } from '../../store/notifications.ts'
import type { App } from '../context.ts'
import { readableFor } from '../lexicon.ts'
import { deliver } from '../outbox.ts'

const HOUR_MS = 3_600_000

/**
 * Pages people about transactions that could not be seen and touch protected contracts, or whose sender makes traces
 * fail again and again: once per hour and sender, because such transactions are cheap. Never throws.
 */
export async function pageBlindSpots(app: App, findings: readonly Finding[]): Promise<void> {
  if (app.config.respond.blindSpots !== 'page') return
  for (const finding of findings) {
    if (finding.protected.length === 0 && finding.confidence < 0.5) continue
    const hour = Math.floor(app.clock.now() / HOUR_MS)
    const id = sha256(`${finding.chainId}:blind:${finding.actors.join()}:${hour}`).slice(0, 32)
    try {
      if ((await findNotification(app.store, id)) !== undefined) continue
      await deliver(app, {
        id,
        incidentId: null,
        kind: app.kind,
        roles: ['operations', 'guardian', 'incident-leader'],
        recipients: [],
        severity: 'high',
        title: pageTitle(
          { kind: app.kind, severity: 'high' },
          `Cordon could not see a transaction in block ${finding.blockNumber}`,
        ),
        body: `${await readableFor(app, finding, finding.message)} An attacker may hide a transaction like this: check it by hand.`,
        at: app.clock.now(),
        facts: {
          block: finding.blockNumber,
          transaction: finding.transactionHash,
          protected: finding.protected,
        },
      })
    } catch (thrown) {
      app.logger.error({ reason: messageOf(thrown), transaction: finding.transactionHash }, 'could not page')
    }
  }
}
