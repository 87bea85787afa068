import { describe, expect, test } from 'vitest'
import { randomFrom } from '../../bench/random.ts'
import { adwin, betOnDrift, driftMartingale, driftStage, takeValue } from './drift.ts'

describe('the conformal test martingale', () => {
  test('reaches 20 in at most 5 % of time lines without drift (Ville)', () => {
    const random = randomFrom(41)
    let reached = 0
    for (let line = 0; line < 400; line++) {
      const martingale = driftMartingale()
      for (let i = 0; i < 500; i++) betOnDrift(martingale, random())
      if (martingale.peak >= 20) reached++
    }
    expect(reached / 400).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 400))
  })

  test('disarms soon after p-values stop being uniform, and says so', () => {
    const random = randomFrom(42)
    const martingale = driftMartingale()
    for (let i = 0; i < 200; i++) betOnDrift(martingale, random() ** 3)
    expect(driftStage({ martingale, windowCut: false })).toMatchObject({ stage: 'disarm' })
    expect(driftStage({ martingale: driftMartingale(), windowCut: false })).toEqual({ stage: 'stable' })
  })
})

describe('ADWIN', () => {
  test('keeps all of a steady stream in logarithmic memory', () => {
    const random = randomFrom(43)
    const window = adwin()
    let cuts = 0
    for (let i = 0; i < 20_000; i++) if (takeValue(window, random())) cuts++
    expect(cuts).toBeLessThanOrEqual(1)
    expect(window.buckets.length).toBeLessThan(100)
  })

  test('drops what was before a change of the mean', () => {
    const random = randomFrom(44)
    const window = adwin()
    for (let i = 0; i < 3_000; i++) takeValue(window, random() * 0.4)
    let cut = false
    for (let i = 0; i < 500; i++) cut = takeValue(window, 0.5 + random() * 0.4) || cut
    expect(cut).toBe(true)
    expect(window.sum / window.size).toBeGreaterThan(0.6)
    expect(driftStage({ martingale: driftMartingale(), windowCut: cut }).stage).toBe('widen')
  })
})
