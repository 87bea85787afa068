import { expect, test } from 'vitest'
import { attackLabel, judged, judgement, reportOptions } from '../../test/harness/judged.ts'
import { type BacktestReport, backtestReport } from '../calibrate/backtest.ts'
import { backtestHtml } from './backtest-html.ts'

const loud = [{ severity: 'high' as const, confidence: 0.9 }]
const rows = [
  judged('a', { label: attackLabel('<script>alert(1)</script>') }),
  judged('b', { label: attackLabel('seen'), words: loud }),
  judged('c', { words: [{ severity: 'high', detector: 'drain" onload="x' }], categories: ['<b>'] }),
]
const report = (parts: Partial<BacktestReport> = {}): BacktestReport => ({
  ...backtestReport(judgement(rows, 7), reportOptions),
  ...parts,
})

test('the page runs nothing, loads nothing, and shows names as text', () => {
  const page = backtestHtml(report())
  expect(page).not.toMatch(/<script|<b>&|onload="|src=|https?:\/\//)
  expect(page).toContain("default-src 'none'")
  expect(page).toContain('n = 2: too few to say')
  expect(page).not.toContain('1 of 2 <small>')
})

test('points that do not exist are left out of the plots', () => {
  const page = backtestHtml(backtestReport(judgement([]), reportOptions))
  expect(page).not.toMatch(/NaN|Infinity|undefined/)
})

test('in-sample figures, files that failed and blind detectors are said at the top and on the plot', () => {
  const page = backtestHtml(
    report({
      failed: [{ file: 'bad.ndjson', code: 'chain.MalformedBundle' }],
      blind: [{ detector: 'reentrancy', missing: 'traces', blocks: 3 }],
    }),
  )
  expect(page).toMatch(/In-sample: the calibration was made from 1 of these 2 files/)
  expect(page).toContain('Reliability of P(attack) — in-sample')
  expect(page).toContain('bad.ndjson could not be read')
  expect(page).toContain('reentrancy could not see 3 blocks: no traces')
  const { fused, ...rest } = report()
  const fresh = backtestHtml({ ...rest, fused: { ...fused, inSample: { files: 0, of: 2 } } })
  expect(fresh).not.toMatch(/in-sample/i)
})

test('every part has its table: ablation, acting alone, lead time, missed and false alarms', () => {
  const page = backtestHtml(report())
  for (const heading of [
    'Apart',
    'By detector',
    'Ablation',
    'Acting alone',
    'Lead time',
    'Missed',
    'False alarms',
  ])
    expect(page).toContain(`<h2>${heading}</h2>`)
  expect(page.match(/<svg /g)).toHaveLength(4)
})

test('of thousands of false alarms the first are shown and the rest is said', () => {
  const many = Array.from({ length: 250 }, () => ({
    transactionHash: `0x${'1'.repeat(64)}` as const,
    severity: 'high' as const,
    categories: ['drain'],
  }))
  expect(backtestHtml(report({ falseAlarms: many }))).toContain('and 50 more')
})
