import { expect, test } from 'vitest'
import { attackLabel, judged, judgement, reportOptions } from '../../test/harness/judged.ts'
import type { Judged } from './judged.ts'
import { policies } from './policies.ts'

const acting = [{ severity: 'high' as const, confidence: 0.9 }]
const rowsOf = (blocks: readonly number[], parts: (i: number) => Partial<Judged> = () => ({})) =>
  blocks.map((block, i) =>
    judged(`tx ${i}`, { label: attackLabel('a'), block, words: i === 0 ? acting : [], ...parts(i) }),
  )
const calibrated = (rows: readonly Judged[], more = {}) =>
  policies(judgement(rows, 10), { ...reportOptions, ...more })[1] ?? expect.fail()

test('what came after the alert and the delay of the action was averted, in equal parts', () => {
  const { averted, cost } = calibrated(rowsOf([10, 11, 12, 30]))
  // The action is in block 11: what is in the same block may have come first.
  expect(averted).toMatchObject({ usd: 50, ofUsd: 100, share: 0.5, cases: [{ spread: 'even' }] })
  expect(averted.cases[0]?.remark).toMatch(/^upper bound/)
  expect(cost.doNothing).toBe(1)
  expect(cost.act).toBeCloseTo(0.5 + 0.01)
  expect(calibrated(rowsOf([10, 11, 12, 30]), { actionBlocks: 5 }).averted.share).toBe(0.25)
})

test('measured losses say how much each transaction took, where all are in one asset', () => {
  const losses = (i: number) => ({ losses: { '0xaa': ['700', '100', '200'][i] ?? '' } })
  expect(calibrated(rowsOf([10, 11, 20], losses)).averted).toMatchObject({
    share: 0.2,
    cases: [{ spread: 'measured' }],
  })
})

test('of a single transaction nothing is averted, unless it was seen pending', () => {
  expect(calibrated(rowsOf([10])).averted).toMatchObject({
    share: 0,
    cases: [{ remark: expect.stringMatching(/nothing averted/) }],
  })
  const pending = { blockNumber: 10, timestamp: null, severity: 'high' as const }
  const seen = calibrated(rowsOf([10], () => ({ pending })))
  expect(seen.averted).toMatchObject({ share: 1, cases: [{ remark: expect.stringMatching(/win the race/) }] })
  expect(
    calibrated(
      rowsOf([10], () => ({ pending })),
      { actionBlocks: 2 },
    ).averted.share,
  ).toBe(0)
})

test('needless pauses cost, and the calibration refuses some that severity alone would begin', () => {
  const rows = [
    judged('sure', { words: acting }),
    judged('unsure', { words: [{ severity: 'high', confidence: 0.3 }] }),
    judged('signs only', { words: [{ severity: 'high', confidence: 0.9, layer: 'preparation' }] }),
    judged('unprotected', { words: acting, protects: [] }),
  ]
  const [severity, byScore] = policies(judgement(rows, 6), reportOptions)
  expect(severity).toMatchObject({ actedOnBenign: { successes: 3, n: 10 }, falsePauseHours: 12 })
  expect(byScore).toMatchObject({
    actedOnBenign: { successes: 1, n: 10 },
    falsePauseHours: 4,
    cost: { falsePauses: 0.01 },
    breakEvenStakeUsd: 0,
  })
})
