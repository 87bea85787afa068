import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BoostOptions, boost, type Example } from './boost.ts'
import type { Direction, Tree } from './tree.ts'

const FEATURES = 3
/** Few distinct numbers, so that ties and empty bins are common; and everything that a hostile trace could make. */
const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double(),
  fc.constantFrom(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -0,
    Number.MAX_VALUE,
    Number.MIN_VALUE,
  ),
)
const example: fc.Arbitrary<Example> = fc.record({
  values: fc.array(value, { minLength: FEATURES, maxLength: FEATURES }),
  positive: fc.boolean(),
  weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
  start: fc.double({ min: -40, max: 40, noNaN: true }),
})
const examples = fc.array(example, { maxLength: 80 })
const directions = fc.array(fc.constantFrom<Direction>(-1, 0, 1), {
  minLength: FEATURES,
  maxLength: FEATURES,
})

function options(constraints: readonly Direction[]): BoostOptions {
  return { directions: constraints, rounds: 8, leaves: 4, learningRate: 0.3, leastRows: 2, ridge: 1 }
}

/** The sum of the trees' values, as the detector evaluates it. */
function oddsOf(trees: readonly Tree[], values: readonly number[]): number {
  let sum = 0
  for (const rows of trees) {
    let row = rows[0]
    while (row?.length === 5) {
      const [feature, threshold, left, right, missing] = row
      const at = values[feature] ?? Number.NaN
      row = rows[(Number.isNaN(at) ? missing === 1 : at <= threshold) ? left : right]
    }
    sum += row?.[0] ?? Number.NaN
  }
  return sum
}

test('a score never moves against a constraint, whatever the examples', () => {
  fc.assert(
    fc.property(examples, directions, value, value, (given, constraints, a, b) => {
      fc.pre(!Number.isNaN(a) && !Number.isNaN(b))
      const trees = boost(given, options(constraints))
      for (const [feature, direction] of constraints.entries())
        for (const { values } of given) {
          const at = (moved: number): number => oddsOf(trees, values.with(feature, moved))
          expect(direction * (at(Math.max(a, b)) - at(Math.min(a, b)))).toBeGreaterThanOrEqual(-1e-12)
        }
    }),
    { seed: 1, numRuns: 200 },
  )
})

test('no number of a tree is NaN or infinite, every child exists, and no leaf count is above the limit', () => {
  fc.assert(
    fc.property(examples, directions, (given, constraints) => {
      for (const tree of boost(given, options(constraints))) {
        expect(tree.flat().every(Number.isFinite)).toBe(true)
        expect(tree.filter((row) => row.length === 1).length).toBeLessThanOrEqual(4)
        for (const [at, [, , left = at + 1, right = at + 1]] of tree.entries())
          expect(
            Math.min(left, right) > at && (tree[at]?.length === 1 || Math.max(left, right) < tree.length),
          ).toBe(true)
      }
    }),
    { seed: 2, numRuns: 200 },
  )
})

test('the same examples give the same trees, and they do not raise the loss', () => {
  fc.assert(
    fc.property(examples, directions, (given, constraints) => {
      const trees = boost(given, options(constraints))
      expect(boost(structuredClone(given), options(constraints))).toEqual(trees)
      const loss = (of: (item: Example) => number): number =>
        given.reduce(
          (sum, item) => sum + item.weight * Math.log1p(Math.exp(item.positive ? -of(item) : of(item))),
          0,
        )
      const after = loss(
        (item) => Math.max(-30, Math.min(30, item.start)) + oddsOf(trees, finite(item.values)),
      )
      expect(after).toBeLessThanOrEqual(
        loss((item) => Math.max(-30, Math.min(30, item.start))) + 1e-3 * given.length,
      )
    }),
    { seed: 3, numRuns: 200 },
  )
})

const finite = (values: readonly number[]): number[] =>
  values.map((at) => (Number.isFinite(at) ? at : Number.NaN))
