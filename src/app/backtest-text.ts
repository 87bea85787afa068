import type { BacktestReport } from '../calibrate/backtest.ts'
import { proportionText } from '../calibrate/statistics.ts'
import { backtestHtml } from '../reports/backtest-html.ts'

/** A backtest as one HTML page with plots. */
export function backtestPage(report: BacktestReport): string {
  return backtestHtml(report)
}

/** A backtest for people: every share with its n and exact interval. */
export function describeBacktest(report: BacktestReport): string[] {
  const lines = [`${report.transactions} transactions, ${report.attacks} attacks`]
  for (const floor of ['medium', 'high', 'critical'] as const) {
    const at = report.atSeverity[floor]
    lines.push(
      `at ${floor} or above`,
      `  recall               ${proportionText(at.recall)}`,
      `  precision            ${proportionText(at.precision)}`,
      `  false positive rate  ${proportionText(at.falsePositiveRate)}`,
    )
  }
  const { area, detectors, rightCategory, wouldActOnBenign } = report
  lines.push(
    `right category first   ${proportionText(rightCategory)}`,
    `area under the curve   ${area.auc.toFixed(3)} (95 % interval ${area.low.toFixed(3)} to ${area.high.toFixed(3)}, n = ${area.positives} + ${area.negatives})`,
    `would act on benign    ${proportionText(wouldActOnBenign)}: ${report.falsePauseHours} hours of needless pause`,
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
