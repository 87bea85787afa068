import { describe, expect, test } from 'vitest'
import { gaussian, randomFrom } from '../../bench/random.ts'
import { certify, emptyCalibration, learnScore, powerE } from './conformal.ts'
import { type EDetector, eDetector, takeE } from './e-detector.ts'

const DAY = 86_400

describe('an e-detector', () => {
  test('is made for a budget in days', () => {
    expect(eDetector({ days: 180, stepSeconds: 12 }).threshold).toBe(1_296_000)
  })

  test('adds up as written by hand', () => {
    const roberts = eDetector({ days: 10, stepSeconds: DAY })
    expect([2, 2, 2].map((e) => takeE(roberts, e))).toEqual([false, false, true]) // 2, 6, 14
    const cusum = eDetector({ form: 'cusum', days: 10, stepSeconds: DAY })
    expect([2, 0.1, 3, 4].map((e) => takeE(cusum, e))).toEqual([false, false, false, true]) // 2, 0.2, 3, 12
    expect(cusum).toMatchObject({ value: 0, steps: 0 })
  })

  test.each(['shiryaev-roberts', 'cusum'] as const)(
    '%s: the average run length is at least the budget',
    (form) => {
      const random = randomFrom(31)
      const lengths = runLengths(eDetector({ form, days: 300, stepSeconds: DAY }), 600, () =>
        powerE(1 - random(), 0.5),
      )
      expect(mean(lengths) + 3 * standardError(lengths)).toBeGreaterThan(300)
    },
  )

  test('also on conformal p-values against a rolling calibration set', () => {
    const random = randomFrom(32)
    const set = emptyCalibration({ capacity: 300 })
    for (let i = 0; i < 300; i++) learnScore(set, [], gaussian(random))
    const lengths = runLengths(eDetector({ days: 300, stepSeconds: DAY }), 300, () => {
      const score = gaussian(random)
      const { p } = certify(set, { path: [], score, level: 0.01 })
      learnScore(set, [], score)
      return powerE(p, 0.5)
    })
    expect(mean(lengths) + 3 * standardError(lengths)).toBeGreaterThan(300)
  })

  test('a real change is found far sooner', () => {
    const random = randomFrom(33)
    const lengths = runLengths(eDetector({ days: 300, stepSeconds: DAY }), 200, () =>
      powerE(random() ** 4, 0.5),
    )
    expect(mean(lengths)).toBeLessThan(20)
  })
})

function runLengths(detector: EDetector, runs: number, next: () => number): number[] {
  const lengths: number[] = []
  for (let steps = 1; lengths.length < runs; steps++) {
    if (!takeE(detector, next())) continue
    lengths.push(steps)
    steps = 0
  }
  return lengths
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length

function standardError(numbers: readonly number[]): number {
  const centre = mean(numbers)
  return Math.sqrt(numbers.reduce((sum, x) => sum + (x - centre) ** 2, 0)) / numbers.length
}
