import { type Alert, isOutside } from '../model/alert.ts'
import { atLeast } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { Incident } from '../model/incident.ts'

/** How long an incident keeps collecting alerts about the same actors, in milliseconds: a day. */
export const CORRELATION_WINDOW_MS = 24 * 60 * 60 * 1000

/** The fields by which an incident is matched. */
export type OpenIncident = Pick<
  Incident,
  'id' | 'chainId' | 'protected' | 'victims' | 'actors' | 'transactions' | 'discoveredAt'
>

/**
 * The incident that an alert belongs to, or undefined for a new one: the same transaction, the same protected
 * contract, or the same actors against the same victim, on the same chain within a day. Newest first.
 */
export function correlate(alert: Alert, open: readonly OpenIncident[], at: number): OpenIncident | undefined {
  let newest: OpenIncident | undefined
  for (const incident of open) {
    if (incident.chainId !== alert.chainId || at - incident.discoveredAt > CORRELATION_WINDOW_MS) continue
    if (newest !== undefined && newest.discoveredAt >= incident.discoveredAt) continue
    if (isSameAttack(alert, incident)) newest = incident
  }
  return newest
}

function isSameAttack(alert: Alert, incident: OpenIncident): boolean {
  const { transactionHash } = alert
  if (transactionHash !== null && incident.transactions.includes(transactionHash)) return true
  if (overlap(alert.protected, incident.protected)) return true
  return overlap(alert.actors, incident.actors) && overlap(alert.victims, incident.victims)
}

function overlap(a: readonly Address[], b: readonly Address[]): boolean {
  return a.some((item) => b.includes(item))
}

/**
 * A remark below `medium` joins its incident, but opens none of its own, and neither does an attack on others in which no
 * protected contract takes part.
 */
export function opensIncident(alert: Alert): boolean {
  return atLeast(alert.severity, 'medium') && (alert.protected.length > 0 || !isOutside(alert))
}
