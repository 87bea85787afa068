import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gaussian, randomFrom } from '../../../bench/random.ts'
import { flatline, readFlatline } from './flatline.ts'
import { halfSpaceTrees, readTrees } from './half-space-trees.ts'
import { readShift, shiftOf } from './shift.ts'
import { addTo, emptySketch, mergeInto, sketchQuantile } from './sketch.ts'
import { readSpikeRate, spikeRate } from './spike-rate.ts'
import { surpriseOf } from './tail.ts'
import { countBelow, emptyWindow, learn, quantileOf, robustScale } from './window.ts'

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 80 })

describe('a window', () => {
  test('has the ranks and quantiles of its last numbers', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const window = emptyWindow(20)
        for (const value of values) learn(window, value)
        const kept = values.slice(-20)
        expect(window.recent).toEqual(kept)
        expect(window.sorted).toEqual([...kept].sort((x, y) => x - y))
        expect(countBelow(window, 0)).toBe(kept.filter((value) => value < 0).length)
      }),
      { seed: 6 },
    )
    expect(quantileOf(emptyWindow(3), 0.5)).toBeUndefined()
  })

  test('its robust scale is a Gaussian’s deviation, whatever a tenth of the points do', () => {
    const random = randomFrom(61)
    const window = emptyWindow(2_000)
    for (let i = 0; i < 2_000; i++) learn(window, i % 10 === 0 ? 1e9 : 3 * gaussian(random))
    expect(robustScale(window)).toBeGreaterThan(2.8)
    expect(robustScale(window)).toBeLessThan(3.9)
  })
})

describe('a sketch', () => {
  test('gives every quantile within its accuracy, of merged sketches too', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.double({ min: 0, max: 1, noNaN: true }), (some, others, share) => {
        const [sketch, other] = [emptySketch(), emptySketch()]
        for (const value of some) addTo(sketch, value)
        for (const value of others) addTo(other, value)
        mergeInto(sketch, other)
        const sorted = [...some, ...others].sort((x, y) => x - y)
        const exact = sorted[Math.floor(share * (sorted.length - 1))] ?? 0
        expect(Math.abs((sketchQuantile(sketch, share) ?? 0) - exact)).toBeLessThanOrEqual(
          0.0100001 * Math.abs(exact) + 1e-9,
        )
      }),
      { seed: 7 },
    )
  })

  test('stays bounded and keeps the large end exact', () => {
    const sketch = emptySketch({ mostBuckets: 50 })
    for (let i = 1; i <= 10_000; i++) addTo(sketch, i * i)
    expect(sketch.positive.size).toBe(50)
    expect(Math.abs((sketchQuantile(sketch, 0.99) ?? 0) / 9_900 ** 2 - 1)).toBeLessThan(0.02)
  })
})

describe('the tail', () => {
  test('tells apart values never seen, and says 1 in n at the largest seen', () => {
    const random = randomFrom(62)
    const window = emptyWindow(4_000)
    for (let i = 0; i < 4_000; i++) learn(window, -Math.log(1 - random()))
    // an exponential's own answer is x·log10(e)
    for (const x of [5, 8, 12]) {
      expect(surpriseOf(window, x)).toBeGreaterThan(0.6 * x * Math.LOG10E)
      expect(surpriseOf(window, x)).toBeLessThan(1.4 * x * Math.LOG10E)
    }
    expect(surpriseOf(window, quantileOf(window, 0.5) ?? 0)).toBeCloseTo(Math.log10(2), 1)
  })

  test('never falls as the value rises', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 60, maxLength: 100 }),
        (values) => {
          const window = emptyWindow(100)
          for (const value of values) learn(window, value)
          const said = Array.from({ length: 60 }, (_, i) => surpriseOf(window, i * 3))
          for (let i = 1; i < said.length; i++)
            expect(said[i]).toBeGreaterThanOrEqual((said[i - 1] ?? 0) - 0.2)
        },
      ),
      { seed: 8 },
    )
  })

  test('nothing surprises a window with too little in it', () => {
    const window = emptyWindow(100)
    for (let i = 0; i < 49; i++) learn(window, 1)
    expect(surpriseOf(window, 1e9)).toBe(0)
  })
})

describe('shifts', () => {
  const run = (values: readonly number[]) => {
    const shift = shiftOf()
    return values.map((value) => readShift(shift, value))
  }
  test('a moved level and a doubled spread are seen, a spike is not', () => {
    const random = randomFrom(63)
    const noise = Array.from({ length: 300 }, () => gaussian(random))
    const calm = run(noise.map((x, i) => (i === 200 ? 500 : x)))
    expect(Math.max(...calm.map(({ level }) => Math.abs(level)))).toBeLessThan(6)
    const moved = run(noise.map((x, i) => (i < 200 ? x : x + 5)))
    expect(Math.max(...moved.slice(200, 230).map(({ level }) => level))).toBeGreaterThan(8)
    const wider = run(noise.map((x, i) => (i < 200 ? x : x * 6)))
    expect(Math.max(...wider.slice(200, 230).map(({ spread }) => spread))).toBeGreaterThan(3)
  })
})

describe('flatlines and spike rates', () => {
  test('a lively series that stands still is a flatline, one that often stands still is not', () => {
    const random = randomFrom(64)
    const [lively, lazy] = [flatline(), flatline()]
    for (let i = 0; i < 500; i++) {
      readFlatline(lively, random())
      readFlatline(lazy, Math.floor(i / 20))
    }
    const stillFor = (state: typeof lively): number =>
      Array.from({ length: 6 }, () => readFlatline(state, 7)).at(-1) ?? 0
    expect(stillFor(lively)).toBeGreaterThan(6)
    expect(stillFor(lazy)).toBeLessThan(1)
  })

  test('ordinary spikes that come ten times as often are told', () => {
    const random = randomFrom(65)
    const state = spikeRate()
    let most = 0
    for (let i = 0; i < 2_000; i++) most = Math.max(most, readSpikeRate(state, random() < 0.02))
    expect(most).toBeLessThan(5)
    let last = 0
    for (let i = 0; i < 100; i++) last = readSpikeRate(state, i % 5 === 0)
    expect(last).toBeGreaterThan(8)
  })
})

describe('half-space trees', () => {
  test('a pair that breaks the relation between two series is strange though each value is common', () => {
    const random = randomFrom(66)
    const forest = halfSpaceTrees({ dimensions: 2 })
    const draw = (): number[] => {
      const x = random()
      return [x, x + 0.03 * gaussian(random)]
    }
    const usual: number[] = []
    for (let i = 0; i < 3_000; i++) usual.push(readTrees(forest, draw()))
    const copy = structuredClone(forest)
    const broken = readTrees(forest, [0.15, 0.85])
    expect(broken).toBeGreaterThan(2)
    expect(usual.slice(1_000).filter((x) => x > 2).length).toBeLessThan(60)
    expect(readTrees(copy, [0.15, 0.85])).toBe(broken)
  })
})
