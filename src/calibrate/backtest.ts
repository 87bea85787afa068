import { isRightCategory } from '../model/category.ts'
import type { Severity } from '../model/finding.ts'
import { atLeast } from '../model/finding.ts'
import type { Hash } from '../model/hex.ts'
import type { Ablation } from './ablation.ts'
import { ablations, silence } from './ablation.ts'
import type { Area, OperatingPoint, Scored } from './curves.ts'
import { operatingPoints, rocArea } from './curves.ts'
import type { Fused, FusedOptions } from './fused.ts'
import { fusedReport } from './fused.ts'
import type { Blind, Judged, Judgement, TrainEnd } from './judged.ts'
import { attackCases, isAttack, isSaid } from './judged.ts'
import type { LeadTime } from './lead-time.ts'
import { leadTime } from './lead-time.ts'
import type { Policy, PolicyOptions } from './policies.ts'
import { policies } from './policies.ts'
import type { Proportion } from './statistics.ts'
import { clopperPearson } from './statistics.ts'
import { type Stratum, strata } from './strata.ts'

export type Confusion = {
  truePositives: number
  falsePositives: number
  falseNegatives: number
  trueNegatives: number
  recall: Proportion
  precision: Proportion
  falsePositiveRate: Proportion
}

export type DetectorScore = {
  detector: string
  /** The attacks that it flagged at all, and the benign transactions. */
  attacks: Proportion
  benign: Proportion
  /** Attacks that no other detector flagged: the cost of leaving it out. */
  onlyByIt: number
  area: Area
}

export type BacktestReport = {
  type: 'backtest'
  transactions: number
  attacks: number
  /** Alerts of at least this severity count. */
  atSeverity: Record<'medium' | 'high' | 'critical', Confusion>
  rightCategory: Proportion
  missed: string[]
  wrongCategory: { id: string; said: string; tags: string[] }[]
  falseAlarms: { transactionHash: Hash; severity: Severity; categories: string[] }[]
  /** Benign transactions that would have started a containment run (high or above, on a protected contract). */
  wouldActOnBenign: Proportion
  /** Hours of needless pause: those transactions times the hours per pause. */
  falsePauseHours: number
  area: Area
  curve: OperatingPoint[]
  detectors: DetectorScore[]
  lossUsd: { total: number; flagged: number }
  blocks: number
  /** Attack cases, each of one or more transactions. */
  cases: number
  split: Split
  fused: Fused
  ablation: Ablation[]
  leadTime: LeadTime
  policies: Policy[]
  /** Rates apart, with the contracts protected and with nothing protected. */
  strata: Stratum[]
  /** Detectors that could not see. */
  blind: readonly Blind[]
  files: readonly string[]
  /** Files that could not be read; they are not counted at all. */
  failed: readonly FailedFile[]
}

export type FailedFile = { file: string; code: string }

/** The training part and the counted part, in transactions and attack cases. */
export type Split = {
  trainBefore: TrainEnd | null
  train: { transactions: number; cases: number }
  test: { transactions: number; cases: number }
}

export type ReportOptions = PolicyOptions &
  FusedOptions & {
    trainBefore?: TrainEnd | undefined
    failed?: readonly FailedFile[]
    /** The same files judged with nothing protected; the judgement itself where nothing was; null where that was left out. */
    open?: Judgement | null
  }

/** Scores the findings against the labels. Every share has n and its exact 95 % interval. */
export function backtestReport(judgement: Judgement, options: ReportOptions): BacktestReport {
  const judged = judgement.rows.filter(({ train }) => !train)
  const silent = judgement.silent.test
  const attacks = judged.filter(isAttack)
  const benign = judged.filter((item) => !isAttack(item))
  const flagged = attacks.filter((item) => isSaid(item, 'medium'))
  const right = flagged.filter(({ alert, label }) =>
    isRightCategory(alert?.categories ?? [], label?.tags ?? []),
  )
  const acted = benign.filter((item) => isSaid(item, 'high') && (item.alert?.protected.length ?? 0) > 0)
  const scored = [
    ...judged.map((item): Scored => ({ score: item.alert?.confidence ?? 0, positive: isAttack(item) })),
    ...silence(silent),
  ]
  return {
    type: 'backtest',
    transactions: judged.length + silent,
    attacks: attacks.length,
    atSeverity: {
      medium: confusion(judged, silent, 'medium'),
      high: confusion(judged, silent, 'high'),
      critical: confusion(judged, silent, 'critical'),
    },
    rightCategory: clopperPearson({ successes: right.length, n: attacks.length }),
    missed: attacks.filter((item) => !isSaid(item, 'medium')).map(({ label }) => label?.id ?? ''),
    wrongCategory: flagged
      .filter((item) => !right.includes(item))
      .map(({ label, alert }) => ({
        id: label?.id ?? '',
        said: alert?.categories[0] ?? '',
        tags: label?.tags ?? [],
      })),
    falseAlarms: falseAlarmsOf(benign),
    wouldActOnBenign: clopperPearson({ successes: acted.length, n: benign.length + silent }),
    falsePauseHours: acted.length * options.pauseHours,
    area: rocArea(scored),
    curve: operatingPoints(scored),
    detectors: detectorScores(attacks, benign, silent),
    lossUsd: { total: lossOf(attacks), flagged: lossOf(flagged) },
    blocks: judgement.blocks,
    cases: attackCases(judged).length,
    split: splitOf(judgement, options.trainBefore ?? null),
    fused: fusedReport(judgement, options),
    ablation: ablations(judgement, options.calibration),
    leadTime: leadTime(judgement.rows),
    policies: policies(judgement, options),
    strata: strataOf(judgement, options),
    blind: judgement.blind,
    files: options.files,
    failed: [...(options.failed ?? [])].sort((a, b) => (a.file < b.file ? -1 : 1)),
  }
}

function strataOf(judgement: Judgement, { open = judgement, calibration }: ReportOptions): Stratum[] {
  const own = open === judgement ? null : judgement
  return strata({ protected: own, open, calibrated: calibration.source.files })
}

function splitOf({ rows, silent }: Judgement, trainBefore: TrainEnd | null): Split {
  const side = (train: boolean): Split['test'] => {
    const those = rows.filter((row) => row.train === train)
    return {
      transactions: those.length + silent[train ? 'train' : 'test'],
      cases: attackCases(those).length,
    }
  }
  return { trainBefore, train: side(true), test: side(false) }
}

function falseAlarmsOf(benign: readonly Judged[]): BacktestReport['falseAlarms'] {
  return benign.flatMap(({ transactionHash, alert }) =>
    alert !== null && atLeast(alert.severity, 'medium')
      ? [{ transactionHash, severity: alert.severity, categories: alert.categories }]
      : [],
  )
}

function confusion(judged: readonly Judged[], silent: number, floor: Severity): Confusion {
  const count = (attack: boolean, said: boolean): number =>
    judged.filter((item) => isAttack(item) === attack && isSaid(item, floor) === said).length
  const [truePositives, falseNegatives] = [count(true, true), count(true, false)]
  const [falsePositives, trueNegatives] = [count(false, true), count(false, false) + silent]
  return {
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives,
    recall: clopperPearson({ successes: truePositives, n: truePositives + falseNegatives }),
    precision: clopperPearson({ successes: truePositives, n: truePositives + falsePositives }),
    falsePositiveRate: clopperPearson({ successes: falsePositives, n: falsePositives + trueNegatives }),
  }
}

function detectorScores(
  attacks: readonly Judged[],
  benign: readonly Judged[],
  silent: number,
): DetectorScore[] {
  const names = [
    ...new Set([...attacks, ...benign].flatMap(({ words }) => words.map((word) => word.detector))),
  ].sort()
  return names.map((detector) => {
    const wordOf = ({ words }: Judged): number | undefined =>
      words.find((word) => word.detector === detector)?.confidence
    const by = (item: Judged): boolean => wordOf(item) !== undefined
    const scored = [...attacks, ...benign].map(
      (item): Scored => ({ score: wordOf(item) ?? 0, positive: isAttack(item) }),
    )
    return {
      detector,
      attacks: clopperPearson({ successes: attacks.filter(by).length, n: attacks.length }),
      benign: clopperPearson({ successes: benign.filter(by).length, n: benign.length + silent }),
      onlyByIt: attacks.filter((item) => by(item) && item.words.length === 1).length,
      area: rocArea([...scored, ...silence(silent)]),
    }
  })
}

/** One loss per case, for any number of transactions. */
function lossOf(items: readonly Judged[]): number {
  const cases = new Map(items.map(({ label }) => [label?.id, label?.lossUsd ?? 0]))
  return [...cases.values()].reduce((sum, loss) => sum + loss, 0)
}
