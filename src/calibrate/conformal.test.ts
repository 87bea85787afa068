import { describe, expect, test } from 'vitest'
import { gaussian, randomFrom } from '../../bench/random.ts'
import {
  averageE,
  certificateText,
  certify,
  conformalP,
  emptyCalibration,
  learnScore,
  mixtureE,
  powerE,
  scoresNeeded,
} from './conformal.ts'

describe('conformal p-values', () => {
  test('count what is at least as strange, and itself', () => {
    expect(conformalP([], 3)).toBe(1)
    expect(conformalP([1, 2, 3, 4], 5)).toBe(1 / 5)
    expect(conformalP([1, 2, 3, 4], 3)).toBe(3 / 5)
    expect(conformalP([2, 2, 2], 2)).toBe(1)
  })

  test.each([
    ['a rolling window', 200],
    ['a growing set', 5_000],
  ])('are super-uniform under exchangeability, with %s, ties and all', (_, capacity) => {
    const random = randomFrom(21)
    const counts = new Map([0.01, 0.05, 0.1, 0.5].map((level) => [level, 0]))
    const set = emptyCalibration({ capacity })
    for (let i = 0; i < 5_000; i++) {
      const score = Math.round(gaussian(random) * 20)
      const { p } = certify(set, { path: [], score, level: 0.01 })
      for (const [level, count] of counts) if (p <= level) counts.set(level, count + 1)
      learnScore(set, [], score)
    }
    for (const [level, count] of counts)
      expect(count / 5_000).toBeLessThan(level + 4 * Math.sqrt((level * (1 - level)) / 5_000))
  })
})

describe('certifying', () => {
  test('needs 1/level − 1 clean scores', () => {
    expect([0.1, 0.01, 1e-4, 1 / 3].map(scoresNeeded)).toEqual([9, 99, 9_999, 2])
  })

  test('goes up the hierarchy until there are enough, and says where it ended', () => {
    const set = emptyCalibration()
    for (let i = 0; i < 30; i++) learnScore(set, ['vault', 'deposit'], i)
    for (let i = 0; i < 5; i++) learnScore(set, ['vault', 'withdraw'], 1_000)
    const ask = (level: number) => certify(set, { path: ['vault', 'withdraw'], score: 500, level })
    expect(ask(0.2)).toMatchObject({ kind: 'certified', group: ['vault', 'withdraw'], n: 5, p: 1 })
    expect(ask(0.05)).toMatchObject({ kind: 'certified', group: ['vault'], n: 35, p: 6 / 36 })
    const refused = ask(1e-4)
    expect(refused).toMatchObject({ kind: 'not-certifiable', n: 35, needed: 9_999 })
    expect(certificateText(refused)).toBe(
      'not certifiable at 0.0001 with n = 35 (everything pooled): 9999 clean scores are needed',
    )
  })

  test('forgets the oldest scores and the groups long silent, never everything', () => {
    const set = emptyCalibration({ capacity: 10, mostGroups: 5 })
    for (let i = 0; i < 100; i++) learnScore(set, [`protocol ${i}`], i)
    expect(set.groups.size).toBe(5)
    expect(certify(set, { path: [], score: 89.5, level: 0.1 })).toMatchObject({ n: 10, p: 1 })
    expect(certify(structuredClone(set), { path: [], score: 99.5, level: 0.1 })).toMatchObject({ p: 1 / 11 })
  })
})

describe('e-values', () => {
  test('calibrators have mean 1 over uniform p, and fall with p', () => {
    for (const e of [(p: number) => powerE(p, 0.5), mixtureE]) {
      let sum = 0
      // p = u⁸ resolves the peak at 0: dp = 8u⁷ du
      for (let i = 0; i < 200_000; i++) {
        const u = (i + 0.5) / 200_000
        sum += (e(u ** 8) * 8 * u ** 7) / 200_000
      }
      expect(sum).toBeLessThanOrEqual(1.0001)
      expect(sum).toBeGreaterThan(0.9)
      for (let p = 0.001; p < 1; p += 0.001) expect(e(p)).toBeGreaterThanOrEqual(e(p + 0.001) - 1e-9)
    }
    expect(mixtureE(1)).toBeCloseTo(0.5, 6)
  })

  test('their mean is one value whatever the dependence', () => {
    expect(averageE([0, 4])).toBe(2)
    expect(() => averageE([])).toThrow('Broken invariant')
  })
})
