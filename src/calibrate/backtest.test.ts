import { expect, test } from 'vitest'
import type { Label } from '../model/label.ts'
import type { Judged } from './backtest.ts'
import { backtestReport } from './backtest.ts'

const hash = (n: number): `0x${string}` => `0x${n.toString(16).padStart(64, '0')}`
const attack = (id: string, tags: string[] = ['reentrancy']): Label => ({
  id,
  label: 'attack',
  transactions: [],
  vulnerableContracts: [],
  tags,
  lossUsd: 100,
})
const said = (
  severity: 'low' | 'medium' | 'high' | 'critical',
  category = 'reentrancy',
  isProtected = true,
): Judged['alert'] => ({
  severity,
  confidence: { low: 0.2, medium: 0.5, high: 0.7, critical: 0.9 }[severity],
  categories: [category],
  protected: isProtected ? [`0x${'aa'.repeat(20)}`] : [],
})
const judged = (n: number, label: Label | null, alert: Judged['alert']): Judged => ({
  transactionHash: hash(n),
  label,
  alert,
  detectors: alert === null ? {} : { [alert.categories[0] ?? 'x']: alert.confidence },
})

const cases = [
  judged(1, attack('seen'), said('critical')),
  judged(2, attack('misnamed'), said('high', 'drain')),
  judged(3, attack('whispered'), said('low')),
  judged(4, null, said('high')),
  judged(5, null, said('high', 'drain', false)),
  judged(6, null, null),
]

test('each severity is an operating point of its own', () => {
  const { atSeverity } = backtestReport(cases, { pauseHours: 4 })
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
  const report = backtestReport(cases, { pauseHours: 4 })
  expect(report.missed).toEqual(['whispered'])
  expect(report.wrongCategory).toEqual([{ id: 'misnamed', said: 'drain', tags: ['reentrancy'] }])
  expect(report.falseAlarms.map(({ transactionHash }) => transactionHash)).toEqual([hash(4), hash(5)])
  // Only alerts about protected contracts act.
  expect(report).toMatchObject({ wouldActOnBenign: { successes: 1, n: 3 }, falsePauseHours: 4 })
})

test('a case with several transactions is one loss', () => {
  const twice = [judged(1, attack('one'), said('critical')), judged(2, attack('one'), null)]
  expect(backtestReport(twice, { pauseHours: 4 }).lossUsd).toEqual({ total: 100, flagged: 100 })
})

test('nothing to count is said as nothing, not as perfection', () => {
  const empty = backtestReport([], { pauseHours: 4 })
  expect(empty.atSeverity.high.recall).toMatchObject({ n: 0, low: 0, high: 1 })
  expect(empty.area.auc).toBeNaN()
})
