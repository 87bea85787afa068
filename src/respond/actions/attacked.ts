import type { Finding } from '../../model/finding.ts'
import { atLeast } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { listAlerts } from '../../store/alerts.ts'
import type { App } from '../context.ts'

/**
 * The protected contracts of an incident that are attacked, and not only touched by the attack. An attacker that
 * deposits loot into a second contract, or calls it on the way, must not get that contract paused too.
 */
export async function attackedBy({ store }: Pick<App, 'store'>, incident: Incident): Promise<Address[]> {
  const alerts = await listAlerts(store, incident.id)
  const findings = alerts.flatMap(({ alert, withdrawnAt }) => (withdrawnAt === null ? alert.findings : []))
  return attackedAmong(incident.protected, findings)
}

type Said = Pick<Finding, 'severity' | 'shadow' | 'protected' | 'loss' | 'outside'>

/**
 * The targets that a finding at paging level reports as abused or losing something; all targets if no finding does. A finding
 * about the loss of others speaks of no target.
 */
export function attackedAmong(targets: readonly Address[], findings: readonly Said[]): Address[] {
  const grave = findings.filter(
    ({ severity, shadow, outside }) => !shadow && outside !== true && atLeast(severity, 'high'),
  )
  const named = new Set(
    grave.flatMap((finding) => [...finding.protected, ...finding.loss.map(({ account }) => account)]),
  )
  const attacked = targets.filter((target) => named.has(target))
  return attacked.length === 0 ? [...targets] : attacked
}
