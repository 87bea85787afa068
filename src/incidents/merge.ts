import type { Alert } from '../model/alert.ts'
import { type Severity, severityRank } from '../model/finding.ts'
import type { Incident } from '../model/incident.ts'

/** The incident merged with an alert: the higher severity, the union of the lists, the earlier start. */
export function mergeAlert(incident: Incident, alert: Alert, startedAt: number | null): Incident {
  return {
    ...incident,
    severity: higher(incident.severity, alert.severity),
    categories: union(incident.categories, alert.categories),
    protected: union(incident.protected, alert.protected),
    victims: union(incident.victims, alert.victims),
    actors: union(incident.actors, alert.actors),
    transactions: union(incident.transactions, alert.transactionHash === null ? [] : [alert.transactionHash]),
    startedAt: earlier(incident.startedAt, startedAt),
  }
}

function higher(a: Severity, b: Severity): Severity {
  return severityRank(b) > severityRank(a) ? b : a
}

function union<T>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set([...a, ...b])]
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
