import type { BacktestView, Share } from './backtest-view.ts'
import type { Point } from './plot.ts'
import { barChart, plot } from './plot.ts'

/** The plots of a backtest as inline SVG, in reading order. */
export function backtestPlots(view: BacktestView): string[] {
  return [precisionRecall(view), alertBudget(view), reliabilityDiagram(view), detectorBars(view)]
}

/** A share exists only if something was counted. */
const exists = ({ estimate }: Share): boolean => Number.isFinite(estimate)

function precisionRecall({ fused }: BacktestView): string {
  const points = fused.curve.filter(({ precision, recall }) => exists(precision) && exists(recall))
  return plot({
    title: 'Precision and recall of the fused score',
    xLabel: 'recall',
    yLabel: 'precision, 95 % interval',
    series: [
      {
        name: 'by threshold, highest first',
        draw: 'both',
        points: points.map(({ precision, recall }) => ({ x: recall.estimate, y: precision.estimate })),
        band: points.map(({ precision, recall }) => ({
          x: recall.estimate,
          low: precision.low,
          high: precision.high,
        })),
      },
      marked('to page', fused.thresholds.page, ({ recall, precision }) => ({
        x: recall.estimate,
        y: precision.estimate,
      })),
    ],
  })
}

type At = BacktestView['fused']['thresholds']['page']

function marked(name: string, at: At, of: (at: At) => Point): Parameters<typeof plot>[0]['series'][number] {
  const point = of(at)
  const there = Number.isFinite(point.x) && Number.isFinite(point.y)
  return { name, draw: 'marks', points: there ? [point] : [] }
}

/** Thresholds that flag nearly everything are not a choice, and would squeeze the others into a corner. */
const MOST_SHARE_OF_TRAFFIC = 0.05

function alertBudget({ fused }: BacktestView): string {
  const { perDay, thresholds } = fused
  const points = fused.curve.filter(
    ({ falsePositiveRate: rate, recall }) =>
      exists(rate) && exists(recall) && rate.estimate <= MOST_SHARE_OF_TRAFFIC,
  )
  const ends = points.map(({ falsePositiveRate }) => falsePositiveRate.high * perDay)
  const at = (threshold: At): Point => ({
    x: threshold.falseAlarmsPerDay.estimate,
    y: threshold.recall.estimate,
  })
  const bar = ({ falseAlarmsPerDay: { low, high }, recall }: At) => ({ y: recall.estimate, low, high })
  const mark = (name: string, threshold: At) => {
    const series = marked(name, threshold, at)
    return series.points.length === 0 ? series : { ...series, bars: [bar(threshold)] }
  }
  return plot({
    title: `Alert budget at ${rounded(perDay)} transactions a day`,
    xLabel: 'false alarms a day (bars: 95 % interval)',
    yLabel: 'recall',
    xMax: Math.max(1e-6, ...ends, thresholds.page.falseAlarmsPerDay.high || 0),
    series: [
      {
        name: 'by threshold',
        draw: 'both',
        points: points.map(({ falsePositiveRate, recall }) => ({
          x: falsePositiveRate.estimate * perDay,
          y: recall.estimate,
        })),
      },
      ...(thresholds.page.score === thresholds.act.score
        ? [mark('to page and to act', thresholds.page)]
        : [mark('to page', thresholds.page), mark('to act', thresholds.act)]),
    ],
  })
}

function reliabilityDiagram({ fused }: BacktestView): string {
  const { bins } = fused.reliability
  const sample = fused.inSample.files > 0 ? ' — in-sample' : ''
  return plot({
    title: `Reliability of P(attack)${sample}`,
    xLabel: 'P(attack) as alerts state it, at the base rate of these files',
    yLabel: 'share that were attacks',
    diagonal: true,
    series: [
      {
        name: `alerts in bins (n = ${bins.reduce((sum, { came }) => sum + came.n, 0)})`,
        draw: 'marks',
        points: bins.map(({ said, came }) => ({ x: said, y: came.estimate })),
        bars: bins.map(({ said, came: { low, high } }) => ({ x: said, low, high })),
      },
    ],
  })
}

function detectorBars({ detectors }: BacktestView): string {
  const value = ({ successes, n, estimate, low, high }: Share) => ({
    share: Number.isFinite(estimate) ? estimate : 0,
    low,
    high,
    text: `${successes} of ${n}`,
  })
  return barChart({
    title: 'By detector, 95 % intervals',
    kinds: ['attacks flagged', 'benign flagged'],
    bars: detectors.map(({ detector, attacks, benign }) => ({
      name: detector,
      values: [value(attacks), value(benign)],
    })),
  })
}

export function areaText({ auc, low, high }: { auc: number; low: number; high: number }): string {
  return Number.isFinite(auc) ? `${auc.toFixed(3)}, ${low.toFixed(3)} to ${high.toFixed(3)}` : 'not counted'
}

const rounded = (value: number): number => Number(value.toPrecision(3))
