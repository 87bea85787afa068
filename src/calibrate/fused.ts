import type { Calibration } from '../model/calibration.ts'
import { silence } from './ablation.ts'
import { scoreOf } from './calibrate.ts'
import type { Area, OperatingPoint, Scored } from './curves.ts'
import { operatingPoints, rocArea } from './curves.ts'
import type { Judgement } from './judged.ts'
import { isAttack } from './judged.ts'
import { attackProbability } from './outcomes.ts'
import type { ReliabilityBin } from './probability.ts'
import { reliability } from './probability.ts'
import type { Proportion } from './statistics.ts'
import { clopperPearson } from './statistics.ts'

/** The result of alarming at a score, with the resulting false alarms at the given traffic. */
export type FusedPoint = {
  score: number
  recall: Proportion
  precision: Proportion
  falsePositiveRate: Proportion
  falseAlarmsPerDay: { estimate: number; low: number; high: number }
}

/** Detection by the calibrated fused score, instead of by severity. */
export type Fused = {
  /** Files of the backtest that the calibration was made from: their figures are in-sample, and therefore too good. */
  inSample: { files: number; of: number }
  area: Area
  curve: OperatingPoint[]
  /** Transactions of the protected contracts per day. */
  perDay: number
  thresholds: { page: FusedPoint; act: FusedPoint }
  /** P(attack) as alerts state it, at the base rate of these files, compared with the outcomes; alerts only. */
  reliability: { prior: number; bins: ReliabilityBin[] }
}

export type FusedOptions = {
  calibration: Calibration
  /** Names of the files, without folders. */
  files: readonly string[]
  /** Transactions of the protected contracts per day; the calibration's value when left out. */
  perDay?: number | undefined
}

/** The ranking and the guarantees of a calibration's fused score on judged transactions. */
export function fusedReport({ rows, silent }: Judgement, options: FusedOptions): Fused {
  const { calibration, files } = options
  const perDay = options.perDay ?? calibration.thresholds.act.runLength.perDay
  const test = rows.filter(({ train }) => !train)
  const scored = test.map(
    (row): Scored => ({ score: scoreOf(calibration, row.words), positive: isAttack(row) }),
  )
  const all = [...scored, ...silence(silent.test)]
  const at = (score: number): FusedPoint => pointAt(score, { all, perDay })
  const { page, act } = calibration.thresholds
  return {
    inSample: {
      files: files.filter((file) => calibration.source.files.includes(file)).length,
      of: files.length,
    },
    area: rocArea(all),
    curve: operatingPoints(all),
    perDay,
    thresholds: { page: at(page.score), act: at(act.score) },
    reliability: reliabilityOf(scored, { all, calibration }),
  }
}

function pointAt(score: number, { all, perDay }: { all: readonly Scored[]; perDay: number }): FusedPoint {
  const count = (positive: boolean, from: number): number =>
    all.reduce(
      (sum, item) => sum + (item.positive === positive && item.score >= from ? (item.times ?? 1) : 0),
      0,
    )
  const [hits, alarms] = [count(true, score), count(false, score)]
  const falsePositiveRate = clopperPearson({ successes: alarms, n: count(false, 0) })
  return {
    score,
    recall: clopperPearson({ successes: hits, n: count(true, 0) }),
    precision: clopperPearson({ successes: hits, n: hits + alarms }),
    falsePositiveRate,
    falseAlarmsPerDay: {
      estimate: falsePositiveRate.estimate * perDay,
      low: falsePositiveRate.low * perDay,
      high: falsePositiveRate.high * perDay,
    },
  }
}

/**
 * An alert states P(attack | a score at least its own) at its operator's base rate. Here the base rate is that of the
 * files, so that the stated and the counted values are comparable.
 */
function reliabilityOf(
  scored: readonly Scored[],
  { all, calibration }: { all: readonly Scored[]; calibration: Calibration },
): Fused['reliability'] {
  const n = all.reduce((sum, { times = 1 }) => sum + times, 0)
  const prior = n === 0 ? 0 : scored.filter(({ positive }) => positive).length / n
  const stated = new Map<number, number>()
  const said = scored.filter(({ score }) => score > 0)
  for (const score of new Set(said.map((item) => item.score))) {
    // as in the assessor: above the highest threshold outcomes do not distinguish scores
    const known = Math.min(score, calibration.thresholds.act.score)
    stated.set(score, attackProbability(calibration, { score: known, prior }).estimate)
  }
  const bins = reliability(
    said.map(({ score, positive }) => ({ score: Math.min(1, stated.get(score) ?? 0), positive })),
  )
  return { prior, bins }
}
