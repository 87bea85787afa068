import type { Assessor } from '../calibrate/assessor.ts'
import type { Engine } from '../detect/engine/engine.ts'
import { evaluatePending, evaluateSettled } from '../detect/engine/engine.ts'
import type { Alert } from '../model/alert.ts'
import type { BlockBundle } from '../model/block.ts'
import type { BlockFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { Incident } from '../model/incident.ts'
import type { Summary } from '../model/line.ts'
import { alertsOf } from './alerts.ts'
import { assessed, budgetFindings, observeTraffic } from './assess.ts'
import { correlate, opensIncident } from './correlate.ts'
import { mergeAlert } from './merge.ts'

/** The output of detection without a database: the public lines of `replay` and `watch`. */
export type DetectionLine = Finding | Alert | Incident | Summary

/** Detection over a stream of blocks, with incidents kept in memory. */
export type Detection = {
  engine: Engine
  assessor: Assessor
  incidents: Incident[]
  counts: Omit<Summary, 'type' | 'blind' | 'seconds' | 'transactionsPerSecond'>
  began: number
}

export function createDetection(engine: Engine, assessor: Assessor): Detection {
  return {
    engine,
    assessor,
    incidents: [],
    counts: { blocks: 0, transactions: 0, frames: 0, findings: 0, alerts: 0, incidents: 0 },
    began: performance.now(),
  }
}

/** The lines about one block; `evaluate` determines how the engine processes it. */
export function detectIn(
  detection: Detection,
  facts: BlockFacts,
  evaluate: typeof evaluateSettled = facts.bundle.pending ? evaluatePending : evaluateSettled,
): DetectionLine[] {
  const { counts } = detection
  const { bundle } = facts
  const ruled = evaluate(detection.engine, facts)
  const findings = bundle.pending ? ruled : [...ruled, ...budgetFindings(detection, bundle)]
  const alerts = alertsOf(findings).map((alert) => assessed(alert, bundle, detection))
  if (!bundle.pending) observeTraffic(detection, bundle, alerts)
  const incidents = alerts.flatMap((alert) => place(detection, alert, bundle) ?? [])
  counts.blocks++
  counts.transactions += bundle.transactions.length
  for (const { frames } of bundle.transactions) counts.frames += frames.length
  counts.findings += findings.length
  counts.alerts += alerts.length
  counts.incidents = detection.incidents.length
  return [...findings, ...alerts, ...new Set(incidents)]
}

/** Adds the alert to its incident, or opens one. Recorded blocks without a time count as now. */
function place(detection: Detection, alert: Alert, bundle: BlockBundle): Incident | undefined {
  const at = bundle.timestamp === null ? 0 : bundle.timestamp * 1000
  const known = correlate(alert, detection.incidents, at)
  const index = detection.incidents.findIndex((incident) => incident.id === known?.id)
  const found = detection.incidents[index]
  if (found === undefined && !opensIncident(alert)) return undefined
  const incident = found === undefined ? openIncident(alert, bundle, at) : mergeAlert(found, alert, at)
  if (found === undefined) detection.incidents.push(incident)
  else detection.incidents[index] = incident
  return incident
}

function openIncident(alert: Alert, bundle: BlockBundle, at: number): Incident {
  return {
    type: 'incident',
    id: alert.fingerprint.slice(0, 16),
    kind: 'backfilled',
    state: 'open',
    title: `${alert.categories[0] ?? 'attack'} against ${alert.protected[0] ?? alert.victims[0] ?? 'an unnamed contract'}`,
    chainId: bundle.chainId,
    severity: alert.severity,
    categories: alert.categories,
    protected: alert.protected,
    victims: alert.victims,
    actors: alert.actors,
    transactions: alert.transactionHash === null ? [] : [alert.transactionHash],
    startedAt: bundle.timestamp === null ? null : at,
    discoveredAt: at,
    foundLate: false,
  }
}

export function summaryOf({ engine, counts, began }: Detection): Summary {
  const seconds = (performance.now() - began) / 1000
  return {
    type: 'summary',
    ...counts,
    blind: [...engine.blind.values()],
    seconds: Math.round(seconds * 1000) / 1000,
    transactionsPerSecond: Math.round(counts.transactions / Math.max(seconds, 0.001)),
  }
}
