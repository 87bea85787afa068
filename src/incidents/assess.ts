import { type Assessor, assess, breaksBudget, type DriftChange, observe } from '../calibrate/assessor.ts'
import { layersOf, scoreOf } from '../calibrate/calibrate.ts'
import type { Word } from '../calibrate/fusion.ts'
import { sizeOf } from '../calibrate/judged.ts'
import { placeOf, sightingsOf } from '../calibrate/sightings.ts'
import { budgetFinding } from '../detect/engine/budget-finding.ts'
import { type Engine, surprisesOf } from '../detect/engine/engine.ts'
import { layerOf } from '../detect/engine/layers.ts'
import type { Alert } from '../model/alert.ts'
import type { BlockBundle } from '../model/block.ts'
import { atLeast, type Finding } from '../model/finding.ts'
import type { Hash } from '../model/hex.ts'

type Watched = { engine: Engine; assessor: Assessor }

/** The alert with its assessment under the chain's calibration. */
export function assessed(alert: Alert, bundle: BlockBundle, { assessor, engine }: Watched): Alert {
  const words = wordsOf(alert.findings)
  const transaction = bundle.transactions.find(({ hash }) => hash === alert.transactionHash)
  const path = transaction === undefined ? [] : (placeOf(transaction, bundle, engine.scope)?.path ?? [])
  const score = scoreOf(assessor.calibration, words)
  const size = sizeOf(transaction?.frames ?? [])
  return { ...alert, assessment: assess(assessor, { score, layers: layersOf(words), path, size }) }
}

/**
 * A finding where the series of a detector exceeded the operator's budget of days between pages: evidence of several
 * points together, where none may deserve a finding alone.
 */
export function budgetFindings({ assessor, engine }: Watched, bundle: BlockBundle): Finding[] {
  const { askedDays } = assessor.calibration.thresholds.page.runLength
  return surprisesOf(engine)
    .filter((newest) => breaksBudget(assessor, { ...newest, at: bundle.timestamp ?? 0 }))
    .map(({ detector, decades }) =>
      budgetFinding(bundle, { detector, decades, askedDays, scope: engine.scope }),
    )
}

/** Counts the block's protected traffic as clean, unless an alarm is active; returns a change of the drift stage. */
export function observeTraffic(
  { assessor, engine }: Watched,
  bundle: BlockBundle,
  alerts: readonly Alert[],
): DriftChange | null {
  if (engine.scope.kind === 'everything') return null
  const scores = new Map<Hash, number>()
  for (const { transactionHash, assessment } of alerts)
    if (transactionHash !== null) scores.set(transactionHash, assessment?.score ?? 0)
  return observe(assessor, {
    timestamp: bundle.timestamp ?? 0,
    sightings: sightingsOf(bundle, engine.scope, scores),
    alarmed: alerts.some(({ severity }) => atLeast(severity, 'medium')),
  })
}

/** The detectors' findings in an alert, each detector once with its most confident one. */
export function wordsOf(findings: Alert['findings']): Word[] {
  const surest = new Map<string, number>()
  for (const { detector, confidence } of findings)
    surest.set(detector, Math.max(confidence, surest.get(detector) ?? 0))
  return [...surest].map(([detector, confidence]) => wordOf(detector, confidence))
}

function wordOf(detector: string, confidence: number): Word {
  return { layer: layerOf(detector), confidence }
}
