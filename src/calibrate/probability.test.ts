import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomFrom } from '../../bench/random.ts'
import { fitIsotonic, probabilityOf, reliability } from './probability.ts'

const cases = fc.array(fc.record({ score: fc.integer({ min: 0, max: 9 }), positive: fc.boolean() }), {
  minLength: 1,
  maxLength: 40,
})

describe('isotonic calibration', () => {
  test('pools adjacent violators, as by hand', () => {
    const scored = [false, true, false, true, true].map((positive, score) => ({ score, positive }))
    expect(fitIsotonic(scored)).toEqual([
      { upTo: 0, positives: 0, n: 1 },
      { upTo: 2, positives: 1, n: 2 },
      { upTo: 4, positives: 2, n: 2 },
    ])
  })

  test('never falls, keeps every outcome, and agrees in the mean', () => {
    fc.assert(
      fc.property(cases, (scored) => {
        const steps = fitIsotonic(scored)
        const rates = steps.map(({ positives, n }) => positives / n)
        expect(rates).toEqual([...rates].sort((x, y) => x - y))
        expect(steps.reduce((n, step) => n + step.n, 0)).toBe(scored.length)
        expect(steps.reduce((n, step) => n + step.positives, 0)).toBe(
          scored.filter(({ positive }) => positive).length,
        )
      }),
      { seed: 5 },
    )
  })

  test('says how unsure it is: few outcomes, wide bounds; none, the prior', () => {
    expect(probabilityOf([], 3)).toMatchObject({ estimate: 0.5, n: 0 })
    const few = probabilityOf([{ upTo: 1, positives: 2, n: 2 }], 1)
    const many = probabilityOf([{ upTo: 1, positives: 200, n: 200 }], 5)
    expect(few.low).toBeLessThan(0.4)
    expect(many.low).toBeGreaterThan(0.98)
  })

  test('repairs overconfident scores: held-out outcomes lie in the intervals', () => {
    const random = randomFrom(51)
    const draw = () => {
      const truth = random() * 0.6
      return { score: truth ** 0.25, positive: random() < truth }
    }
    const fitted = fitIsotonic(Array.from({ length: 4_000 }, draw))
    const held = Array.from({ length: 4_000 }, draw).map(({ score, positive }) => ({
      score: probabilityOf(fitted, score).estimate,
      positive,
    }))
    const bins = reliability(held, 8).filter(({ came }) => came.n >= 100)
    expect(bins.length).toBeGreaterThan(3)
    for (const { said, came } of bins) {
      expect(said).toBeGreaterThan(came.low - 0.04)
      expect(said).toBeLessThan(came.high + 0.04)
    }
  })
})
