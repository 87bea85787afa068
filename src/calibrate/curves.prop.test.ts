import fc from 'fast-check'
import { expect, test } from 'vitest'
import { operatingPoints, rocArea, type Scored } from './curves.ts'

/** Few distinct scores, so that ties are common; both kinds there. */
const cases = fc
  .array(fc.record({ score: fc.integer({ min: 0, max: 6 }), positive: fc.boolean() }), {
    minLength: 2,
    maxLength: 60,
  })
  .filter((scored) => new Set(scored.map(({ positive }) => positive)).size === 2)

function bruteForce(scored: readonly Scored[]): number {
  const [positives, negatives] = [true, false].map((kind) => scored.filter((one) => one.positive === kind))
  let sum = 0
  for (const { score } of positives ?? [])
    for (const other of negatives ?? []) sum += score > other.score ? 1 : score === other.score ? 0.5 : 0
  return sum / ((positives?.length ?? 0) * (negatives?.length ?? 0))
}

test('the area is the share of pairs in the right order, ties half', () => {
  fc.assert(
    fc.property(cases, (scored) => {
      const { auc, low, high } = rocArea(scored)
      expect(auc).toBeCloseTo(bruteForce(scored), 12)
      expect(low <= auc && auc <= high).toBe(true)
    }),
    { seed: 2 },
  )
})

test('the area is that under the points of the ROC curve', () => {
  fc.assert(
    fc.property(cases, (scored) => {
      let [x, y, area] = [0, 0, 0]
      for (const { recall, falsePositiveRate } of operatingPoints(scored)) {
        area += ((falsePositiveRate.estimate - x) * (recall.estimate + y)) / 2
        x = falsePositiveRate.estimate
        y = recall.estimate
      }
      expect(area).toBeCloseTo(bruteForce(scored), 10)
    }),
    { seed: 3 },
  )
})

test('a point at every distinct score, recall rising, with the counts it rests on', () => {
  fc.assert(
    fc.property(cases, (scored) => {
      const points = operatingPoints(scored)
      expect(points.map(({ threshold }) => threshold)).toEqual(
        [...new Set(scored.map(({ score }) => score))].sort((x, y) => y - x),
      )
      for (const { threshold, precision } of points)
        expect(precision.n).toBe(scored.filter(({ score }) => score >= threshold).length)
    }),
    { seed: 4 },
  )
})

test('without one of the kinds there is no area', () => {
  expect(rocArea([{ score: 1, positive: true }])).toMatchObject({
    auc: Number.NaN,
    positives: 1,
    negatives: 0,
  })
})

test('an item that stands for many is worth as many items', () => {
  const counted = fc.array(
    fc.record({
      score: fc.integer({ min: 0, max: 6 }),
      positive: fc.boolean(),
      times: fc.integer({ min: 1, max: 5 }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  fc.assert(
    fc.property(counted, (items) => {
      const apart = items.flatMap(({ times, ...item }): Scored[] => Array.from({ length: times }, () => item))
      expect(operatingPoints(items)).toEqual(operatingPoints(apart))
      expect(rocArea(items)).toEqual(rocArea(apart))
    }),
    { seed: 4, numRuns: 50 },
  )
})

test('a curve of many scores keeps every step of recall, and its ends', () => {
  const scored = Array.from({ length: 5_000 }, (_, i): Scored => ({ score: i, positive: i % 617 === 3 }))
  const points = operatingPoints(scored)
  expect(points.length).toBeLessThan(1_100)
  expect(new Set(points.map(({ recall }) => recall.successes)).size).toBe(10)
  expect(points.at(-1)).toMatchObject({ threshold: 0, recall: { estimate: 1 } })
})
