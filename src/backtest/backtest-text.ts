import type { BacktestReport } from '../calibrate/backtest.ts'
import { rateText } from '../calibrate/statable.ts'
import { proportionText } from '../calibrate/statistics.ts'
import type { Rates, Stratum } from '../calibrate/strata.ts'
import { isStatable } from '../model/statable.ts'
import { backtestHtml } from '../reports/backtest-html.ts'
import { stratumName } from '../reports/backtest-strata.ts'

/** A backtest as one HTML page with plots. */
export function backtestPage(report: BacktestReport): string {
  return backtestHtml(report)
}

/** A backtest for people: every share with its n and exact interval. */
export function describeBacktest(report: BacktestReport): string[] {
  const { train, test } = report.split
  const lines = [
    `${report.transactions} transactions, ${report.attacks} attacks`,
    `taught by ${train.transactions} transactions (${train.cases} attack cases), counted on ${test.transactions} (${test.cases})`,
    ...report.failed.map(({ file, code }) => `not counted: ${file} could not be read (${code})`),
    ...report.blind.map(
      ({ detector, missing, blocks }) => `${detector} could not see ${blocks} blocks: no ${missing}`,
    ),
  ]
  for (const floor of ['medium', 'high', 'critical'] as const) {
    const at = report.atSeverity[floor]
    lines.push(
      `at ${floor} or above`,
      `  recall               ${rateText(at.recall, 'share')}`,
      `  precision            ${rateText(at.precision, 'share')}`,
      `  false positive rate  ${rateText(at.falsePositiveRate, 'rare')}`,
    )
  }
  const { area, detectors, rightCategory } = report
  lines.push(
    `right category first   ${rateText(rightCategory, 'share')}`,
    `area under the curve   ${area.auc.toFixed(3)} (95 % interval ${area.low.toFixed(3)} to ${area.high.toFixed(3)}, n = ${area.positives} + ${area.negatives})`,
    ...strataLines(report),
    ...fusedLines(report),
    ...policyLines(report),
    ...leadLines(report),
    ...ablationLines(report),
    'by detector: attacks flagged, benign flagged, attacks that only it flagged',
    ...detectors.map(
      (item) =>
        `  ${item.detector.padEnd(20)} ${item.attacks.successes} of ${item.attacks.n}, ${item.benign.successes} of ${item.benign.n}, ${item.onlyByIt}`,
    ),
  )
  if (report.missed.length > 0) lines.push(`missed: ${report.missed.join(', ')}`)
  for (const { id, said, tags } of report.wrongCategory)
    lines.push(`other category: ${id} is ${tags.join(', ')}, called ${said}`)
  return lines
}

function strataLines({ strata }: BacktestReport): string[] {
  return ['apart, at high or above: recall; false positive rate', ...strata.flatMap(stratumLines)]
}

function stratumLines({ of, protected: own, open }: Stratum): string[] {
  const line = (mode: string, rates: Rates | null): string[] =>
    rates === null
      ? []
      : [
          `    ${mode.padEnd(10)} ${rateText(rates.recall, 'share')}; ${rateText(rates.falsePositiveRate, 'rare')}`,
        ]
  return [`  ${stratumName(of)}`, ...line('protected', own), ...line('open', open)]
}

function fusedLines({ fused }: BacktestReport): string[] {
  const { area, inSample, thresholds, perDay } = fused
  const lines = [
    `fused score, area      ${area.auc.toFixed(3)} (95 % interval ${area.low.toFixed(3)} to ${area.high.toFixed(3)})`,
  ]
  if (inSample.files > 0)
    lines.push(
      `  in-sample: the calibration was made from ${inSample.files} of these ${inSample.of} files; what it says of them is too good`,
    )
  for (const [name, at] of Object.entries(thresholds)) {
    const { estimate, high } = at.falseAlarmsPerDay
    lines.push(
      `to ${name.padEnd(4)} score ${at.score.toFixed(2)} or more`,
      `  recall               ${rateText(at.recall, 'share')}`,
      `  false positive rate  ${rateText(at.falsePositiveRate, 'rare')}`,
      ...(isStatable(at.falsePositiveRate, 'rare')
        ? [
            `  false alarms a day   ${short(estimate)}, at most ${short(high)} (at ${short(perDay)} transactions a day)`,
          ]
        : []),
    )
  }
  return lines
}

function policyLines({ policies }: BacktestReport): string[] {
  return policies.flatMap(({ policy, acted, actedOnBenign, falsePauseHours, averted, cost }) => [
    `acting by ${policy === 'severity' ? 'severity alone' : 'the calibration'}`,
    `  acts on cases        ${rateText(acted, 'share')}`,
    `  acts on benign       ${rateText(actedOnBenign, 'rare')}: ${falsePauseHours} hours of needless pause`,
    `  loss averted         at most ${short(100 * averted.share)} % of a case on average, ${short(averted.usd)} of ${short(averted.ofUsd)} USD`,
    `  cost                 ${short(cost.act)} against ${short(cost.doNothing)} of doing nothing, in shares of what is at stake a case`,
  ])
}

function leadLines({ leadTime }: BacktestReport): string[] {
  const { inTime, median, cases } = leadTime
  const known = median.blocks === null ? '' : `, median ${median.blocks} blocks (n = ${median.n})`
  return [
    `said before the harm   ${rateText(inTime, 'share')}${known}`,
    ...cases
      .filter(({ when, transactions }) => when === 'before' || when === 'pending' || transactions > 1)
      .map(
        ({ id, when, blocks, seconds, afterPaging }) =>
          `  ${id}: ${when}${blocks === null ? '' : `, ${blocks} blocks`}${seconds === null ? '' : `, ${seconds} s`}${afterPaging === null ? '' : `; after the first page came ${proportionText(afterPaging)} of its transactions`}`,
      ),
  ]
}

function ablationLines({ ablation }: BacktestReport): string[] {
  return [
    'left out: recall and false positives at medium or above, recall and false pages by score, area',
    ...ablation.map(({ without, recall, falsePositiveRate, paging, area }) => {
      const name =
        without.kind === 'nothing'
          ? 'nothing'
          : without.kind === 'layer'
            ? `layer ${without.layer}`
            : without.detector
      const of = ({ successes, n }: { successes: number; n: number }): string => `${successes} of ${n}`
      return `  ${name.padEnd(20)} ${of(recall)}, ${of(falsePositiveRate)}, ${of(paging.recall)}, ${of(paging.falsePositiveRate)}, ${area.auc.toFixed(3)}`
    }),
  ]
}

const short = (value: number): string => `${Number(value.toPrecision(3))}`
