import { type Assessor, createAssessor } from '../calibrate/assessor.ts'
import { readRecorded } from '../chain/recorded.ts'
import type { Engine } from '../detect/engine.ts'
import { createEngine, evaluatePending, evaluateSettled } from '../detect/engine.ts'
import { detectors } from '../detect/registry.ts'
import { blockFacts } from '../facts/facts.ts'
import { loadCalibration } from '../files/calibration.ts'
import { withFiles } from '../files/detector-options.ts'
import { withRules } from '../files/rules.ts'
import { alertsOf } from '../incidents/alerts.ts'
import { correlate, opensIncident } from '../incidents/correlate.ts'
import { mergeAlert } from '../incidents/merge.ts'
import type { Alert } from '../model/alert.ts'
import type { BlockBundle } from '../model/block.ts'
import { type Config, DEFAULT_DECISION } from '../model/config.ts'
import type { Scope } from '../model/detector.ts'
import type { BlockFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { Incident } from '../model/incident.ts'
import type { Summary } from '../model/line.ts'
import { assessed, budgetFindings, observeTraffic } from '../respond/watch/assess.ts'

/** What detection says without a database: the public lines of `replay` and `watch`. */
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

/**
 * Detection as a configuration has it (detector options, learned models, shadow, calibration), without a chain; with the
 * defaults where there is none. Throws `app.InvalidModel`, `app.InvalidCalibration`, `detect.InvalidOptions`.
 */
export async function openDetection(
  scope: Scope,
  config: Partial<Pick<Config, 'detectors' | 'shadow' | 'calibration' | 'decision' | 'rules'>> = {},
): Promise<Detection> {
  const { detectors: named = {}, shadow = [], calibration, decision = DEFAULT_DECISION, rules } = config
  const options = await withRules(await withFiles(named), rules)
  const engine = createEngine({ detectors, scope, shadow, options })
  return createDetection(engine, createAssessor(await loadCalibration(calibration), decision))
}

/** The lines about one block; `evaluate` says how the engine takes it. */
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

/** Adds the alert to the incident it belongs to, or opens one. Recorded blocks without a time count as now. */
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

/**
 * Detection over recorded bundle files: findings, alerts and incidents as they come, a summary last.
 * Throws what reading throws, after the lines about the blocks before the bad one; `progress` is called a block.
 */
export async function* replay(
  files: readonly string[],
  detection: Detection,
  progress: (file: string, detection: Detection) => void,
): AsyncGenerator<DetectionLine> {
  for (const file of files) {
    for await (const update of readRecorded([file])) {
      if (update.kind === 'block' || update.kind === 'pending')
        yield* detectIn(detection, blockFacts(update.bundle))
      progress(file, detection)
    }
  }
}
