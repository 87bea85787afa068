import { expect, test } from 'vitest'
import { hashOf } from '../../test/harness/build.ts'
import { attackLabel, judged, judgement, reportOptions } from '../../test/harness/judged.ts'
import { backtestReport } from './backtest.ts'
import { mergeJudgements } from './judged.ts'

const cases = [
  judged('1', { label: attackLabel('seen'), words: [{ severity: 'critical', confidence: 0.9 }] }),
  judged('2', {
    label: attackLabel('misnamed'),
    words: [{ severity: 'high', confidence: 0.7 }],
    categories: ['drain'],
  }),
  judged('3', { label: attackLabel('whispered'), words: [{ severity: 'low', confidence: 0.2 }] }),
  judged('4', { words: [{ severity: 'high', confidence: 0.7 }] }),
  judged('5', { words: [{ severity: 'high', confidence: 0.7 }], categories: ['drain'], protects: [] }),
]
const report = backtestReport(judgement(cases, 1), reportOptions)

test('each severity is an operating point of its own', () => {
  const { atSeverity } = report
  expect(atSeverity.medium).toMatchObject({
    truePositives: 2,
    falseNegatives: 1,
    falsePositives: 2,
    trueNegatives: 1,
  })
  expect(atSeverity.critical).toMatchObject({
    truePositives: 1,
    falseNegatives: 2,
    falsePositives: 0,
    trueNegatives: 3,
  })
  expect(atSeverity.medium.recall).toMatchObject({ successes: 2, n: 3 })
})

test('what was missed, misnamed and needlessly acted on is named', () => {
  expect(report.missed).toEqual(['whispered'])
  expect(report.wrongCategory).toEqual([{ id: 'misnamed', said: 'drain', tags: ['reentrancy'] }])
  expect(report.falseAlarms.map(({ transactionHash }) => transactionHash)).toEqual([hashOf('4'), hashOf('5')])
  // Only alerts about protected contracts act.
  expect(report).toMatchObject({ wouldActOnBenign: { successes: 1, n: 3 }, falsePauseHours: 4 })
})

test('a case with several transactions is one loss', () => {
  const twice = [
    judged('1', { label: attackLabel('one'), words: [{ severity: 'critical' }] }),
    judged('2', { label: attackLabel('one') }),
  ]
  expect(backtestReport(judgement(twice), reportOptions)).toMatchObject({
    lossUsd: { total: 100, flagged: 100 },
    attacks: 2,
    cases: 1,
  })
})

test('nothing to count is said as nothing, not as perfection', () => {
  const empty = backtestReport(judgement([]), reportOptions)
  expect(empty.atSeverity.high.recall).toMatchObject({ n: 0, low: 0, high: 1 })
  expect(empty.area.auc).toBeNaN()
  expect(empty.fused.reliability.bins).toEqual([])
})

test('silent transactions that were only counted give what as many rows would', () => {
  const rows = Array.from({ length: 7 }, (_, i) => judged(`silent ${i}`))
  const written = backtestReport(judgement([...cases, ...rows], 1), reportOptions)
  const counted = backtestReport(judgement(cases, 8), reportOptions)
  expect(counted).toEqual(written)
})

test('the fused score has its own operating points at the thresholds, and says what is in-sample', () => {
  const { fused } = report
  expect(fused.inSample).toEqual({ files: 1, of: 2 })
  // −ln(1 − 0.7) = 1.2 reaches the score to act, 1; −ln(0.8) = 0.22 not the one to page, 0.5.
  expect(fused.thresholds.page).toMatchObject({ recall: { successes: 2, n: 3 } })
  expect(fused.thresholds.act.falsePositiveRate).toMatchObject({ successes: 2, n: 3 })
  expect(fused.thresholds.act.falseAlarmsPerDay.estimate).toBeCloseTo((2 / 3) * 100)
  expect(fused.reliability.prior).toBe(0.5)
  expect(fused.reliability.bins.reduce((n, { came }) => n + came.n, 0)).toBe(5)
})

test('what taught is not counted, and a case on both sides of the end of training is a test case whole', () => {
  const rows = [
    judged('a', { train: true, label: attackLabel('old'), words: [{ severity: 'high' }] }),
    judged('b', { train: true, label: attackLabel('both') }),
    judged('c', { label: attackLabel('both'), words: [{ severity: 'high' }] }),
    judged('d', { train: true, words: [{ severity: 'high' }] }),
  ]
  const merged = mergeJudgements([
    { rows: rows.slice(0, 2), silent: { train: 5, test: 0 }, silentKinds: [], blocks: 2, blind: [] },
    { rows: rows.slice(2), silent: { train: 0, test: 3 }, silentKinds: [], blocks: 1, blind: [] },
  ])
  const { split, attacks, transactions, falseAlarms } = backtestReport(merged, {
    ...reportOptions,
    trainBefore: { kind: 'block', block: 2 },
  })
  expect(split).toMatchObject({
    train: { transactions: 7, cases: 1 },
    test: { transactions: 5, cases: 1 },
  })
  expect({ attacks, transactions, falseAlarms }).toEqual({ attacks: 2, transactions: 5, falseAlarms: [] })
})
