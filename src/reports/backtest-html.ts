import { html, page } from './html.ts'
import { unitPlot } from './plot.ts'

/** A share with its count and exact interval, as calibration makes it. */
type Share = { successes: number; n: number; estimate: number; low: number; high: number }
type Curve = { precision: Share; recall: Share; falsePositiveRate: Share; threshold: number }

/** What the report shows; the shape of calibration's BacktestReport. */
export type BacktestView = {
  transactions: number
  attacks: number
  atSeverity: Record<
    'medium' | 'high' | 'critical',
    { recall: Share; precision: Share; falsePositiveRate: Share }
  >
  rightCategory: Share
  missed: readonly string[]
  wouldActOnBenign: Share
  falsePauseHours: number
  area: { auc: number; low: number; high: number }
  curve: readonly Curve[]
  detectors: readonly { detector: string; attacks: Share; benign: Share; onlyByIt: number }[]
  falseAlarms: readonly { transactionHash: string; severity: string; categories: readonly string[] }[]
}

/** A backtest as one HTML page with plots, no scripts and no outside resources. Every share has its n and interval. */
export function backtestHtml(view: BacktestView): string {
  const body = [
    '<h1>Backtest</h1>',
    `<p>${view.transactions} transactions, ${view.attacks} of them attacks. Intervals are exact (Clopper–Pearson), 95 %.</p>`,
    operatingTable(view),
    '<h2>Curves</h2>',
    unitPlot({
      title: 'Precision and recall',
      xLabel: 'recall',
      yLabel: 'precision',
      series: [
        {
          name: 'fused',
          marks: true,
          points: finite(
            view.curve.map(({ precision, recall }) => ({ x: recall.estimate, y: precision.estimate })),
          ),
        },
      ],
    }),
    unitPlot({
      title: `ROC, area ${view.area.auc.toFixed(3)} (${view.area.low.toFixed(3)} to ${view.area.high.toFixed(3)})`,
      xLabel: 'false positive rate',
      yLabel: 'recall',
      series: [
        {
          name: 'fused',
          marks: true,
          points: finite([
            { x: 0, y: 0 },
            ...view.curve.map(({ falsePositiveRate, recall }) => ({
              x: falsePositiveRate.estimate,
              y: recall.estimate,
            })),
          ]),
        },
      ],
    }),
    detectorTable(view),
    falseAlarmTable(view),
    view.missed.length === 0
      ? '<p>No attack was missed.</p>'
      : `<p>Missed: ${view.missed.map((id) => html(id)).join(', ')}.</p>`,
  ]
  return page('Cordon backtest', body.join('\n'))
}

function finite(points: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  return points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
}

function share({ successes, n, low, high }: Share): string {
  return `${successes} of ${n} <small>${(low * 100).toFixed(2)} to ${(high * 100).toFixed(2)} %</small>`
}

function operatingTable(view: BacktestView): string {
  const rows = (['medium', 'high', 'critical'] as const).map((floor) => {
    const at = view.atSeverity[floor]
    return `<tr><td>${floor} or above</td><td>${share(at.recall)}</td><td>${share(at.precision)}</td><td>${share(at.falsePositiveRate)}</td></tr>`
  })
  return `<table><tr><th>alerts</th><th>recall</th><th>precision</th><th>false positive rate</th></tr>${rows.join('')}</table>
<p>Right category first: ${share(view.rightCategory)}. Benign transactions that would have begun a containment: ${share(view.wouldActOnBenign)}, ${view.falsePauseHours} hours of needless pause.</p>`
}

function detectorTable(view: BacktestView): string {
  const rows = view.detectors.map(
    (item) =>
      `<tr><td>${html(item.detector)}</td><td>${share(item.attacks)}</td><td>${share(item.benign)}</td><td class="n">${item.onlyByIt}</td></tr>`,
  )
  return `<h2>By detector</h2><table><tr><th>detector</th><th>attacks flagged</th><th>benign flagged</th><th class="n">flagged by no other</th></tr>${rows.join('')}</table>`
}

function falseAlarmTable(view: BacktestView): string {
  if (view.falseAlarms.length === 0) return '<p>No benign transaction was flagged at medium or above.</p>'
  const rows = view.falseAlarms
    .slice(0, 200)
    .map(
      (item) =>
        `<tr><td><code>${html(item.transactionHash)}</code></td><td>${html(item.severity)}</td><td>${html(item.categories.join(', '))}</td></tr>`,
    )
  return `<h2>False alarms</h2><table><tr><th>transaction</th><th>severity</th><th>categories</th></tr>${rows.join('')}</table>`
}
