import type { Alert } from '../model/alert.ts'
import { isRightCategory } from '../model/category.ts'
import type { Severity } from '../model/finding.ts'
import { atLeast } from '../model/finding.ts'
import type { Hash } from '../model/hex.ts'
import type { Label } from '../model/label.ts'
import type { Area, OperatingPoint, Scored } from './curves.ts'
import { operatingPoints, rocArea } from './curves.ts'
import type { Proportion } from './statistics.ts'
import { clopperPearson } from './statistics.ts'

/** One transaction with what was said of it, and what it was. */
export type Judged = {
  transactionHash: Hash
  label: Label | null
  alert: Pick<Alert, 'severity' | 'confidence' | 'categories' | 'protected'> | null
  /** detector → its confidence */
  detectors: Readonly<Record<string, number>>
}

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
  /** Attacks that it flagged at all, and benign transactions. */
  attacks: Proportion
  benign: Proportion
  /** Attacks that nobody else flagged: what leaving it out would cost. */
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
  /** Hours of needless pause: those, at so many hours each. */
  falsePauseHours: number
  area: Area
  curve: OperatingPoint[]
  detectors: DetectorScore[]
  lossUsd: { total: number; flagged: number }
}

/** Marks what was said against what was. Every share carries n and its exact 95 % interval. */
export function backtestReport(
  judged: readonly Judged[],
  { pauseHours }: { pauseHours: number },
): BacktestReport {
  const attacks = judged.filter(isAttack)
  const benign = judged.filter((item) => !isAttack(item))
  const flagged = attacks.filter((item) => isSaid(item, 'medium'))
  const right = flagged.filter(({ alert, label }) =>
    isRightCategory(alert?.categories ?? [], label?.tags ?? []),
  )
  const acted = benign.filter((item) => isSaid(item, 'high') && (item.alert?.protected.length ?? 0) > 0)
  const scored = judged.map(
    (item): Scored => ({ score: item.alert?.confidence ?? 0, positive: isAttack(item) }),
  )
  return {
    type: 'backtest',
    transactions: judged.length,
    attacks: attacks.length,
    atSeverity: {
      medium: confusion(judged, 'medium'),
      high: confusion(judged, 'high'),
      critical: confusion(judged, 'critical'),
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
    falseAlarms: benign.flatMap(({ transactionHash, alert }) =>
      alert !== null && atLeast(alert.severity, 'medium')
        ? [{ transactionHash, severity: alert.severity, categories: alert.categories }]
        : [],
    ),
    wouldActOnBenign: clopperPearson({ successes: acted.length, n: benign.length }),
    falsePauseHours: acted.length * pauseHours,
    area: rocArea(scored),
    curve: operatingPoints(scored),
    detectors: detectorScores(attacks, benign),
    lossUsd: { total: lossOf(attacks), flagged: lossOf(flagged) },
  }
}

function isAttack({ label }: Judged): boolean {
  return label?.label === 'attack'
}

function isSaid({ alert }: Judged, floor: Severity): boolean {
  return alert !== null && atLeast(alert.severity, floor)
}

function confusion(judged: readonly Judged[], floor: Severity): Confusion {
  const count = (attack: boolean, said: boolean): number =>
    judged.filter((item) => isAttack(item) === attack && isSaid(item, floor) === said).length
  const [truePositives, falseNegatives] = [count(true, true), count(true, false)]
  const [falsePositives, trueNegatives] = [count(false, true), count(false, false)]
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

function detectorScores(attacks: readonly Judged[], benign: readonly Judged[]): DetectorScore[] {
  const names = [
    ...new Set([...attacks, ...benign].flatMap(({ detectors }) => Object.keys(detectors))),
  ].sort()
  return names.map((detector) => {
    const by = (item: Judged): boolean => item.detectors[detector] !== undefined
    const scored = [...attacks, ...benign].map(
      (item): Scored => ({ score: item.detectors[detector] ?? 0, positive: isAttack(item) }),
    )
    return {
      detector,
      attacks: clopperPearson({ successes: attacks.filter(by).length, n: attacks.length }),
      benign: clopperPearson({ successes: benign.filter(by).length, n: benign.length }),
      onlyByIt: attacks.filter((item) => by(item) && Object.keys(item.detectors).length === 1).length,
      area: rocArea(scored),
    }
  })
}

/** One loss a case, however many transactions it has. */
function lossOf(items: readonly Judged[]): number {
  const cases = new Map(items.map(({ label }) => [label?.id, label?.lossUsd ?? 0]))
  return [...cases.values()].reduce((sum, loss) => sum + loss, 0)
}
