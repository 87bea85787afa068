import { assert } from '../kit/assert.ts'
import type { RunLength } from '../model/calibration.ts'
import { clopperPearson } from './statistics.ts'

/** False alarms among benign transactions, and the number of such transactions per day. */
export type AlarmCount = { falseAlarms: number; n: number; perDay: number }

/** One-sided confidence of every bound here. */
const CONFIDENCE = 0.95

/**
 * Minimum days between false alarms, with 95 % confidence: 1 / (upper bound of the false-alarm rate per transaction ×
 * transactions per day), where the bound is the exact one-sided Clopper–Pearson. It assumes nothing about scores; it
 * assumes that future transactions are like the counted ones, which drift detection monitors.
 */
export function runLength({ falseAlarms, n, perDay }: AlarmCount, askedDays: number): RunLength {
  assert(perDay > 0 && askedDays > 0, 'traffic and budget are positive')
  const days = 1 / (upperRate(falseAlarms, n) * perDay)
  const verdict = days >= askedDays ? 'kept' : 'not-certifiable'
  return { askedDays, days, falseAlarms, n, perDay, verdict, needed: cleanNeeded(perDay, askedDays) }
}

/** The rate that is exceeded with a probability of at most 5 %; 1 where nothing was counted. */
export function upperRate(falseAlarms: number, n: number): number {
  if (n === 0) return 1
  return clopperPearson({ successes: falseAlarms, n, confidence: 2 * CONFIDENCE - 1 }).high
}

/** Transactions without a false alarm after which `askedDays` can be guaranteed: (1 − 1/(perDay·days))^n = 5 %. */
function cleanNeeded(perDay: number, askedDays: number): number {
  const rate = Math.min(1 - 1e-12, 1 / (perDay * askedDays))
  return Math.ceil(Math.log(1 - CONFIDENCE) / Math.log1p(-rate))
}

/** The guarantee in a sentence, with its n. */
export function runLengthText({
  askedDays,
  days,
  falseAlarms,
  n,
  perDay,
  verdict,
  needed,
}: RunLength): string {
  const counted = `${falseAlarms} false alarms in n = ${n} benign transactions at ${round(perDay)} a day`
  return verdict === 'kept'
    ? `at least ${round(days)} days between false alarms (95 % confidence; ${counted}), ${round(askedDays)} asked`
    : `not certifiable with n = ${n}: at least ${round(days)} days between false alarms (95 % confidence; ${counted}), ${round(askedDays)} asked; ${needed} clean transactions are needed`
}

const round = (value: number): string => `${Number(value.toPrecision(3))}`
