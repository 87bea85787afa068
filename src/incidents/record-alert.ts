import type { Alert } from '../model/alert.ts'
import type { IncidentContext } from './context.ts'
import { unknownIncident } from './context.ts'
import { type AlertTarget, type RecordedAs, recordAlerts } from './record-alerts.ts'

/**
 * Records an alert in an incident, or in a new one: merged knowledge, timeline and evidence, all or nothing.
 * Saying it again writes nothing. A `new` target joins the incident of the same kind that knows this attack
 * (same fingerprint, not closed, or this very alert) instead of making a second one.
 * Throws `incidents.UnknownIncident`.
 *
 * @example
 * await recordAlert({ store, clock }, alert, { new: { kind: 'normal', title: alert.message } })
 */
export async function recordAlert(
  context: IncidentContext,
  alert: Alert,
  target: AlertTarget & {
    /** When the alert's block was made, in seconds since the epoch (`BlockBundle.timestamp`). */
    blockTimestamp?: number | null
  },
): Promise<RecordedAs> {
  const named = 'incidentId' in target ? [target.incidentId] : []
  const seen = { alert, blockTimestamp: target.blockTimestamp ?? null }
  const [recorded] = await recordAlerts(context, [seen], { named, choose: () => target })
  // a target that was chosen is always recorded in
  if (recorded === undefined || recorded === null) throw unknownIncident(named.join())
  return recorded
}
