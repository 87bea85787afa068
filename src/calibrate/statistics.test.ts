import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomFrom } from '../../bench/random.ts'
import { betaCdf, betaQuantile, clopperPearson, logGamma, proportionText } from './statistics.ts'

describe('the beta distribution', () => {
  test('has values that are known in closed form', () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12)
    expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 11)
    expect(betaCdf(0.3, { a: 1, b: 1 })).toBeCloseTo(0.3, 12)
    expect(betaCdf(0.3, { a: 2, b: 1 })).toBeCloseTo(0.09, 12)
    expect(betaCdf(0.5, { a: 7, b: 7 })).toBeCloseTo(0.5, 12)
  })

  test('is the binomial tail, counted term by term', () => {
    // P(Bin(10, 0.2) ≥ 4) = I_0.2(4, 7)
    const choose = [1, 10, 45, 120]
    const below = choose.reduce((sum, ways, k) => sum + ways * 0.2 ** k * 0.8 ** (10 - k), 0)
    expect(betaCdf(0.2, { a: 4, b: 7 })).toBeCloseTo(1 - below, 12)
  })

  test('its quantile undoes it, near 0 too', () => {
    const shape = fc.record({ a: fc.integer({ min: 1, max: 500 }), b: fc.integer({ min: 1, max: 5_000 }) })
    fc.assert(
      fc.property(shape, fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (beta, p) => {
        expect(betaCdf(betaQuantile(p, beta), beta)).toBeCloseTo(p, 7)
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})

describe('the Clopper–Pearson interval', () => {
  test('has the published values', () => {
    // 0 of n: 1 − (α/2)^(1/n); C. Clopper, E. Pearson 1934; 5 of 10 from standard tables
    expect(clopperPearson({ successes: 0, n: 10 }).high).toBeCloseTo(1 - 0.025 ** 0.1, 10)
    expect(clopperPearson({ successes: 10, n: 10 }).low).toBeCloseTo(0.025 ** 0.1, 10)
    const half = clopperPearson({ successes: 5, n: 10 })
    expect([half.low, half.high].map((end) => end.toFixed(4))).toEqual(['0.1871', '0.8129'])
  })

  test('says nothing of nothing', () => {
    expect(clopperPearson({ successes: 0, n: 0 })).toMatchObject({ low: 0, high: 1, n: 0 })
    expect(proportionText(clopperPearson({ successes: 0, n: 0 }))).toBe('0 of 0 (nothing counted)')
  })

  test('no alarm in 300,000 shows a rate below 1.3e-5', () => {
    expect(clopperPearson({ successes: 0, n: 300_000 }).high).toBeLessThan(1.3e-5)
  })

  test('covers the truth at least as often as it promises', () => {
    const random = randomFrom(11)
    for (const truth of [0.003, 0.05, 0.3, 0.5, 0.9]) {
      let covered = 0
      for (let draw = 0; draw < 1_000; draw++) {
        let successes = 0
        for (let i = 0; i < 60; i++) if (random() < truth) successes++
        const { low, high } = intervals[successes] ?? { low: 1, high: 0 }
        if (low <= truth && truth <= high) covered++
      }
      // three standard errors of 1,000 draws at 95 %
      expect(covered / 1_000).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / 1_000))
    }
  })

  test('is written with its n', () => {
    expect(proportionText(clopperPearson({ successes: 3, n: 40 }))).toBe(
      '3 of 40 (7.5 %, 95 % interval 1.6 to 20 %)',
    )
  })
})

const intervals = Array.from({ length: 61 }, (_, successes) => clopperPearson({ successes, n: 60 }))
