import type { Alert } from '../model/alert.ts'
import type { IncidentContext } from './context.ts'
import { unknownIncident } from './context.ts'
import { type AlertTarget, type RecordedAs, recordAlerts } from './record-alerts.ts'

/**
 * Records an alert in an incident, or in a new one: merged data, timeline and evidence, all or nothing. A repetition
 * writes nothing. A `new` target joins the incident of the same kind that already has this attack (same fingerprint,
 * not closed, or this same alert) instead of making a second one. Throws `incidents.UnknownIncident`.
 *
 * @example
 * await recordAlert({ store, clock }, alert, { new: { kind: 'normal', title: alert.message } })
 */
export async function recordAlert(
  context: IncidentContext,
  alert: Alert,
  target: AlertTarget & {
    /** The timestamp of the alert's block, in seconds since the epoch (`BlockBundle.timestamp`). */
    blockTimestamp?: number | null
  },
): Promise<RecordedAs> {
  const named = 'incidentId' in target ? [target.incidentId] : []
  const seen = { alert, blockTimestamp: target.blockTimestamp ?? null }
  const [recorded] = await recordAlerts(context, [seen], { named, choose: () => target })
  // an alert for a chosen target is always recorded
  if (recorded === undefined || recorded === null) throw unknownIncident(named.join())
  return recorded
}
