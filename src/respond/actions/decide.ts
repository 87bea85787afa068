import type { Suspicion } from '../../contain/pipeline/decide.ts'
import { layerOf } from '../../detect/engine/layers.ts'
import type { Alert } from '../../model/alert.ts'
import { byWeight } from '../../model/alert.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Finding } from '../../model/finding.ts'
import { atLeast } from '../../model/finding.ts'
import type { Incident } from '../../model/incident.ts'
import { listAlerts } from '../../store/alerts.ts'
import type { App, ChainHandle } from '../context.ts'

type Case = { incident: Incident; plan: ContainmentPlan }

/** The grounds that detection gives for pulling a plan's lever; null if no alert about its attack was weighed. */
export async function suspicionOn(
  app: App,
  { assessor }: ChainHandle,
  about: Case,
): Promise<Suspicion | null> {
  const alerts = await alertsAbout(app, about)
  const [worst] = alerts
  if (worst === undefined || worst.assessment === null) return null
  const findings = alerts.flatMap((alert) => alert.findings)
  return {
    assessment: worst.assessment,
    isPending: worst.pending,
    actors: findings.flatMap(({ actors }) => actors),
    hardFindings: findings.filter(isHard),
    assessor,
  }
}

/**
 * The alerts about the attack that the plan answers, strongest first: an alert about another transaction of the
 * incident is not evidence about this one. All alerts if the plan answers no transaction.
 */
async function alertsAbout({ store }: App, { incident, plan }: Case): Promise<Alert[]> {
  const standing = (await listAlerts(store, incident.id)).flatMap(({ alert, withdrawnAt }) =>
    withdrawnAt === null ? [alert] : [],
  )
  const { attackTransaction } = plan
  const about = standing.filter(({ transactionHash }) => transactionHash === attackTransaction)
  return byWeight(attackTransaction === null ? standing : about)
}

/** Deterministic rules and invariants at paging level, about the protected contracts; statistics and signs alone never act. */
function isHard({ severity, detector, shadow, outside }: Finding): boolean {
  const layer = layerOf(detector)
  return (
    !shadow && outside !== true && atLeast(severity, 'high') && (layer === 'pattern' || layer === 'invariant')
  )
}
