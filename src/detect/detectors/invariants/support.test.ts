import { describe, expect, test } from 'vitest'
import { addTrial, NO_TRIALS, supportOf, type Trials, upperBound } from './support.ts'

describe('upperBound', () => {
  test('without trials anything may be ordinary', () => expect(upperBound(NO_TRIALS)).toBe(1))
  test('29 trials without a break exclude 10 %, 28 do not (rule of three)', () => {
    expect(upperBound({ asked: 29, broken: 0 })).toBeLessThanOrEqual(0.1)
    expect(upperBound({ asked: 28, broken: 0 })).toBeGreaterThan(0.1)
  })
  test.each([
    [1, 10, 0.3942],
    [5, 100, 0.1022],
    [10, 100, 0.1637],
  ])('%i of %i is at most %f (tables of Clopper and Pearson)', (broken, asked, bound) => {
    expect(upperBound({ asked, broken })).toBeCloseTo(bound, 3)
  })
  test('falls with every kept trial and rises with every broken one', () => {
    for (let asked = 10; asked < 1_000; asked += 97) {
      expect(upperBound({ asked: asked + 1, broken: 3 })).toBeLessThan(upperBound({ asked, broken: 3 }))
      expect(upperBound({ asked, broken: 4 })).toBeGreaterThan(upperBound({ asked, broken: 3 }))
    }
  })
})

describe('supportOf', () => {
  test('says how many more transactions are needed, and that many are enough', () => {
    for (const broken of [0, 1, 7]) {
      const weak = supportOf({ asked: 20, broken }, 0.1)
      expect(weak.kind).toBe('too-weak')
      if (weak.kind !== 'too-weak') return
      expect(supportOf({ asked: 20 + weak.needed, broken }, 0.1).kind).toBe('enough')
      expect(supportOf({ asked: 20 + weak.needed - 1, broken }, 0.1).kind).toBe('too-weak')
    }
  })
  test('a restless past never becomes enough by itself', () => {
    expect(supportOf({ asked: 500, broken: 100 }, 0.1)).toMatchObject({ kind: 'too-weak', asked: 500 })
  })
})

test('a protocol’s youth is forgotten: old breaks fade', () => {
  let trials: Trials = NO_TRIALS
  for (let i = 0; i < 20; i++) trials = addTrial(trials, true)
  for (let i = 0; i < 5_000; i++) trials = addTrial(trials, false)
  expect(trials.broken).toBeLessThan(1)
  expect(trials.asked).toBeLessThanOrEqual(1_000)
})
