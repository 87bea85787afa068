import { assert } from '../kit/assert.ts'

/**
 * An e-detector: a running statistic of e-values that alarms when it reaches `threshold`. Plain data.
 *
 * While nothing has changed and each e-value has conditional expectation at most 1 given the past, the expected
 * number of steps to a false alarm is at least `threshold`: by construction, without a model of the data.
 * Source: J. Shin, A. Ramdas, A. Rinaldo, E-detectors: a nonparametric framework for sequential change detection,
 * New England Journal of Statistics in Data Science 2 (2023), definition 2.1, proposition 2.4.
 *
 * The condition holds exactly for conformal p-values against a set that has grown since the last restart (the
 * smoothed p-values are then independent, and ours are never smaller) of exchangeable scores; a rolling set meets it
 * nearly. Scores that depend on their neighbours break it twelvefold: feed those through `gate.ts`.
 */
export type EDetector = {
  /** Shiryaev–Roberts M = (M + 1)·e finds small changes sooner; CUSUM M = max(M, 1)·e is never above it. */
  form: 'shiryaev-roberts' | 'cusum'
  /** Minimum expected steps to a false alarm. */
  threshold: number
  value: number
  /** Steps since the last restart. */
  steps: number
}

export type FalseAlarmBudget = {
  form?: EDetector['form']
  /** Minimum days between false alarms that the operator accepts: 180 for a pager, 1,826 to act unattended. */
  days: number
  /** Seconds between two e-values. */
  stepSeconds: number
}

export function eDetector({ form = 'shiryaev-roberts', days, stepSeconds }: FalseAlarmBudget): EDetector {
  assert(days > 0 && stepSeconds > 0, 'a budget and a step are positive')
  return { form, threshold: Math.max(1, (days * 86_400) / stepSeconds), value: 0, steps: 0 }
}

/** Reads the next e-value; true where it alarms. After an alarm it restarts. */
export function takeE(detector: EDetector, e: number): boolean {
  assert(e >= 0, 'an e-value is not negative')
  const before = detector.form === 'cusum' ? Math.max(detector.value, 1) : detector.value + 1
  detector.value = before * e
  detector.steps++
  if (detector.value < detector.threshold) return false
  detector.value = 0
  detector.steps = 0
  return true
}
