import { describe, expect, test } from 'vitest'
import { type NabSeries, probationRows, scaledSigmoid, scoreNab, scoreNabAt } from './nab.ts'

const standard = { truePositive: 1, falsePositive: 0.11, falseNegative: 1 }

/** 100 rows, a window over rows 40 to 49; alarms at the given rows. */
function series(...alarms: readonly number[]): NabSeries {
  return {
    name: 'a',
    scores: Array.from({ length: 100 }, (_, row) => (alarms.includes(row) ? 1 : 0)),
    windows: [{ first: 40, last: 49 }],
  }
}
const at = (given: NabSeries): number => scoreNabAt([given], standard, 0.5).normalized

describe('the NAB score', () => {
  test('weighs places as published', () => {
    expect(scaledSigmoid(-1)).toBeCloseTo(0.98661, 5)
    expect(scaledSigmoid(-0.5)).toBeCloseTo(0.84828, 5)
    expect(scaledSigmoid(0)).toBe(0)
    expect(scaledSigmoid(1)).toBeCloseTo(-0.98661, 5)
    expect(scaledSigmoid(3)).toBe(-1)
  })

  test('probation is 15 % of the rows and at most 750', () => {
    expect([10, 100, 4_032, 5_000, 22_695].map(probationRows)).toEqual([1, 15, 604, 750, 750])
  })

  test('silence is 0, an alarm at the window’s first row 100', () => {
    expect(at(series())).toBe(0)
    expect(at(series(40))).toBeCloseTo(100, 10)
  })

  test('only the first alarm of a window counts', () => {
    expect(at(series(40, 41, 45, 49))).toBeCloseTo(100, 10)
    // row 45 is at −(49 − 45 + 1)/10 = −0.5
    expect(at(series(45))).toBeCloseTo((100 * (0.84828 / 0.98661 + 1)) / 2, 3)
  })

  test('a false alarm costs more the farther it is behind a window, and all of it before one', () => {
    // row 58 is (58 − 49)/9 = 1 width past
    expect(at(series(40, 58))).toBeCloseTo(100 - (100 * 0.11 * 0.98661) / 2, 3)
    expect(at(series(40, 20))).toBeCloseTo(100 - (100 * 0.11) / 2, 10)
    expect(at(series(40, 90))).toBeCloseTo(100 - (100 * 0.11) / 2, 10)
  })

  test('probation is not scored', () => {
    expect(at(series(3, 14, 40))).toBeCloseTo(100, 10)
    expect(at(series(15, 40))).toBeLessThan(100)
  })

  test('one threshold for the corpus, the best one', () => {
    const noisy: NabSeries = {
      name: 'b',
      scores: Array.from({ length: 100 }, (_, i) => (i % 10) / 20),
      windows: [],
    }
    const clear = series(40)
    const { threshold, normalized, series: scored } = scoreNab([clear, noisy], standard)
    expect(threshold).toBe(1)
    expect(normalized).toBeCloseTo(100, 10)
    expect(scored.map(({ found, falseAlarms }) => [found, falseAlarms])).toEqual([
      [1, 0],
      [0, 0],
    ])
  })

  test('a detector that is worse than silence is best silent', () => {
    const wrong: NabSeries = {
      name: 'c',
      scores: Array.from({ length: 100 }, (_, i) => (i < 40 || i > 49 ? 1 : 0)),
      windows: [{ first: 40, last: 49 }],
    }
    expect(scoreNab([wrong], standard)).toMatchObject({ normalized: 0, threshold: Number.POSITIVE_INFINITY })
  })
})
