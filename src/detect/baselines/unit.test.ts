import fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomFrom } from '../../../bench/random.ts'
import { scorePoint, seriesScorer } from './scorer.ts'
import { scaled, type Unit, unscaled } from './unit.ts'

const units: Unit[] = ['plain', 'ratio', 'count']
const amount = fc.double({ min: 1e-6, max: 1e12, noNaN: true })

test('scaling keeps the order, and is undone by its inverse', () => {
  fc.assert(
    fc.property(fc.constantFrom(...units), amount, amount, (unit, x, y) => {
      expect(Math.sign(scaled(2 * x, unit) - scaled(x, unit))).toBe(1)
      expect(scaled(Math.max(x, y), unit)).toBeGreaterThanOrEqual(scaled(Math.min(x, y), unit))
      expect(Math.abs(unscaled(scaled(x, unit), unit) - x)).toBeLessThanOrEqual(1e-6 * x + 1e-9)
    }),
  )
})

test('a burst in the quiet hours of a count is surprising only where counts are compared as counts', () => {
  const surpriseOfBurst = (unit: Unit): number => {
    const random = randomFrom(9)
    const scorer = seriesScorer()
    let most = 0
    for (let i = 0; i < 6 * 288; i++) {
      const rate = 60 + 58 * Math.sin((2 * Math.PI * i) / 288)
      const burst = i >= 5 * 288 + 210 && i < 5 * 288 + 216 ? 25 : 0
      const value = poisson(rate, random) + burst
      const { surprise } = scorePoint(scorer, { at: i * 300, value: scaled(value, unit) })
      if (burst > 0) most = Math.max(most, surprise)
    }
    return most
  }
  expect(surpriseOfBurst('count')).toBeGreaterThan(surpriseOfBurst('plain') + 0.5)
})

/** Knuth's way: products of uniform numbers. */
function poisson(rate: number, random: () => number): number {
  let [count, product] = [-1, 1]
  for (const end = Math.exp(-rate); product > end; count++) product *= random()
  return count
}
