import { expect, test } from 'vitest'
import { type BacktestView, backtestHtml } from './backtest-html.ts'

const share = { successes: 1, n: 2, estimate: 0.5, low: 0.01, high: 0.99 }
const at = { recall: share, precision: share, falsePositiveRate: share }
const view: BacktestView = {
  transactions: 2,
  attacks: 1,
  atSeverity: { medium: at, high: at, critical: at },
  rightCategory: share,
  missed: ['<script>alert(1)</script>'],
  wouldActOnBenign: share,
  falsePauseHours: 0,
  area: { auc: 0.9, low: 0.5, high: 1 },
  curve: [{ ...at, threshold: 0.5 }],
  detectors: [{ detector: 'drain" onload="x', attacks: share, benign: share, onlyByIt: 1 }],
  falseAlarms: [{ transactionHash: '0x1', severity: 'high', categories: ['<b>'] }],
}

test('the page runs nothing, loads nothing, and shows names as text', () => {
  const page = backtestHtml(view)
  expect(page).not.toMatch(/<script|<b>|onload="|src=|https?:\/\//)
  expect(page).toContain("default-src 'none'")
  expect(page).toContain('1 of 2 <small>1.00 to 99.00 %</small>')
})

test('points that do not exist are left out of the plots', () => {
  const hollow = { ...share, n: 0, estimate: Number.NaN }
  const page = backtestHtml({
    ...view,
    curve: [{ precision: hollow, recall: hollow, falsePositiveRate: hollow, threshold: 1 }],
  })
  expect(page).not.toContain('NaN')
})
