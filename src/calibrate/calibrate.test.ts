import { describe, expect, test } from 'vitest'
import { calibrationSchema } from '../model/calibration.ts'
import { calibrate, type Outcome, scoreOf, thresholdFor } from './calibrate.ts'
import { attackProbability } from './outcomes.ts'
import { runLength, runLengthText } from './run-length.ts'

const said = (confidence: number): Outcome['words'] =>
  confidence === 0 ? [] : [{ layer: 'pattern', confidence }]
const attacks = (count: number, confidence: number): Outcome[] =>
  Array.from({ length: count }, (_, i) => ({ case: `case ${i}`, attack: true, words: said(confidence) }))
const benign = (count: number, confidence: number): Outcome[] =>
  Array.from({ length: count }, (_, i) => ({
    case: `tx ${confidence} ${i}`,
    attack: false,
    words: said(confidence),
  }))
const options = { files: ['a.ndjson'], budgets: { pageDays: 1, actDays: 100 }, perDay: 100 }

describe('a calibration', () => {
  test('counts a case once, at its surest transaction, however many transactions it has', () => {
    const twice = [...attacks(3, 0.9), ...attacks(3, 0.5), ...benign(10, 0)]
    const { attacks: scores, source } = calibrate(twice, options)
    expect(source).toMatchObject({ transactions: 16, attacks: 3, benign: 10 })
    expect(scores).toHaveLength(3)
    expect(Math.min(...scores)).toBeGreaterThan(scoreOf(calibrate(twice, options), said(0.5)))
  })

  test('a missed attack counts against recall as a score of 0', () => {
    expect(calibrate([...attacks(2, 0), ...benign(10, 0)], options).attacks).toEqual([0, 0])
  })

  test('is the same for the same outcomes and fits its own schema', () => {
    const outcomes = [...attacks(8, 0.9), ...benign(4, 0.6), ...benign(500, 0)]
    const made = calibrate(outcomes, options)
    expect(calibrate(outcomes, options)).toEqual(made)
    expect(calibrationSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made)
  })

  test('takes the lowest threshold that keeps the budget, and a strict budget a higher one', () => {
    const made = calibrate([...attacks(8, 0.9), ...benign(6, 0.6), ...benign(5_000, 0)], options)
    const { page, act } = made.thresholds
    // 6 alarms in 5,006 at 100 a day: one in eight days, so a day is kept even by the upper bound
    expect(page.runLength).toMatchObject({ verdict: 'kept', falseAlarms: 6 })
    expect(act.score).toBeGreaterThan(page.score)
    expect(act.runLength).toMatchObject({ verdict: 'not-certifiable', falseAlarms: 0 })
  })

  test('with nothing to go on nothing is promised', () => {
    const { page } = calibrate([], options).thresholds
    expect(page.runLength).toMatchObject({ verdict: 'not-certifiable', n: 0, days: 0.01 })
    expect(runLengthText(page.runLength)).toMatch(/^not certifiable with n = 0: /)
  })
})

describe('a run length', () => {
  test('is the reciprocal of the exact upper rate: no alarm in 299 at one a day promises 100 days', () => {
    expect(runLength({ falseAlarms: 0, n: 299, perDay: 1 }, 100).days).toBeCloseTo(100.3, 1)
  })

  test('says how many clean transactions are needed, and with so many it is kept', () => {
    const { needed } = runLength({ falseAlarms: 0, n: 10, perDay: 200 }, 180)
    expect(runLength({ falseAlarms: 0, n: needed, perDay: 200 }, 180).verdict).toBe('kept')
    expect(runLength({ falseAlarms: 0, n: needed - 1, perDay: 200 }, 180).verdict).toBe('not-certifiable')
  })

  test('an alarm more never promises more', () => {
    const days = [0, 1, 2, 5].map((falseAlarms) => runLength({ falseAlarms, n: 1_000, perDay: 10 }, 1).days)
    expect(days).toEqual([...days].sort((a, b) => b - a))
  })
})

describe('the probability of an attack', () => {
  test('follows the base rate: recall 0.8 and 0.26 % false alarms at one in a million give about 0.03 %', () => {
    const outcomes = {
      attacks: Array.from({ length: 1_000 }, (_, i) => (i < 800 ? 1 : 0)),
      benign: { n: 100_000, scores: Array.from({ length: 260 }, () => 1) },
    }
    const { estimate, low, high } = attackProbability(outcomes, { score: 1, prior: 1e-6 })
    expect(estimate).toBeCloseTo(0.000307, 5)
    expect(low).toBeLessThan(estimate)
    expect(high).toBeGreaterThan(estimate)
  })

  test('without any outcome it says nothing: the interval is everything', () => {
    expect(
      attackProbability({ attacks: [], benign: { n: 0, scores: [] } }, { score: 1, prior: 0.01 }),
    ).toMatchObject({ low: 0, high: 1, attacks: 0, benign: 0 })
  })

  test('a higher confidence widens the interval', () => {
    const outcomes = { attacks: [2, 2, 1], benign: { n: 500, scores: [1] } }
    const at = (confidence: number) => attackProbability(outcomes, { score: 1, prior: 1e-3, confidence })
    expect(at(0.99).low).toBeLessThan(at(0.95).low)
    expect(at(0.99).high).toBeGreaterThan(at(0.95).high)
  })
})

test('above all that was ever seen is the last resort of a budget that nothing keeps', () => {
  const outcomes = { attacks: [1], benign: { n: 10, scores: [3, 2] } }
  expect(thresholdFor(outcomes, { askedDays: 1_000, perDay: 1_000 }).score).toBe(4)
})
