import { expect, test } from 'vitest'
import { binned, MISSING } from './bins.ts'
import { type BoostOptions, boost, type Example } from './boost.ts'

const options: BoostOptions = {
  directions: [0],
  rounds: 50,
  leaves: 4,
  learningRate: 0.3,
  leastRows: 5,
  ridge: 1,
}
const example = (value: number, positive: boolean, start = 0): Example => ({
  values: [value],
  positive,
  weight: 1,
  start,
})
const times = (count: number, of: (i: number) => Example): Example[] =>
  Array.from({ length: count }, (_, i) => of(i))

test('learns on which side of a value the attacks are', () => {
  const trees = boost(
    [...times(20, (i) => example(i, false)), ...times(20, (i) => example(20 + i, true))],
    options,
  )
  expect(trees[0]?.[0]).toEqual([0, 19.5, 1, 2, 1])
  expect(trees[0]?.[1]?.[0]).toBeLessThan(0)
})

test('missing values go to the side that they resemble', () => {
  const missing = times(20, () => example(Number.NaN, true))
  const [tree] = boost(
    [...times(20, (i) => example(i % 2, false)), ...times(20, () => example(9, true)), ...missing],
    options,
  )
  expect(tree?.[0]).toEqual([0, 5, 1, 2, 0])
})

test('a constraint against the examples leaves nothing to learn', () => {
  const against = [...times(20, () => example(1, true)), ...times(20, () => example(2, false))]
  expect(boost(against, { ...options, directions: [1] })).toEqual([])
})

test('scores that are right already are hardly changed, wrong ones are', () => {
  const rows = (start: number): Example[] => [
    ...times(20, () => example(1, false, -start)),
    ...times(20, () => example(2, true, start)),
  ]
  const first = (start: number): number => Math.abs(boost(rows(start), options)[0]?.[1]?.[0] ?? 0)
  expect(first(6)).toBeLessThan(0.02)
  expect(first(-6)).toBeGreaterThan(0.2)
})

test('with fewer examples than two leaves need nothing is learned', () => {
  expect(
    boost(
      times(9, (i) => example(i, i > 4)),
      options,
    ),
  ).toEqual([])
  expect(boost([], options)).toEqual([])
})

test('a feature of many values has 64 bins of equally many distinct values, however often one occurs', () => {
  const { cuts, bins } = binned([
    ...new Array<number>(1_000).fill(0),
    ...Array.from({ length: 6_400 }, (_, i) => i),
    Number.NaN,
  ])
  expect(cuts).toHaveLength(63)
  expect(cuts[0]).toBe(99.5)
  expect(bins.at(-1)).toBe(MISSING)
})
