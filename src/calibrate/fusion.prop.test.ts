import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layers } from '../model/assessment.ts'
import { evidenceVector, fitFusion, fuse, type Word } from './fusion.ts'

const word = fc.record({
  layer: fc.constantFrom(...layers),
  confidence: fc.double({ min: 0, max: 1, noNaN: true }),
})
const words = fc.array(word, { maxLength: 6 })
const samples = fc.array(fc.record({ words, positive: fc.boolean() }), { maxLength: 12 })
const fitted = (given: readonly { words: readonly Word[]; positive: boolean }[]) =>
  fitFusion(given.map(({ words, positive }) => ({ vector: evidenceVector(words), positive })))

test('whatever it was fitted on, more evidence never scores lower, and none scores 0', () => {
  fc.assert(
    fc.property(samples, words, word, (given, said, more) => {
      const weights = fitted(given)
      const score = fuse(weights, evidenceVector(said))
      expect(fuse(weights, evidenceVector([]))).toBe(0)
      expect(fuse(weights, evidenceVector([...said, more]))).toBeGreaterThanOrEqual(score - 1e-9)
      expect(Number.isFinite(score)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('the order in which detectors spoke does not matter', () => {
  fc.assert(
    fc.property(words, (said) => {
      const weights = fitted([])
      expect(fuse(weights, evidenceVector([...said].reverse()))).toBeCloseTo(
        fuse(weights, evidenceVector(said)),
        9,
      )
    }),
  )
})

test('a layer that only ever speaks of benign transactions loses weight; one never seen keeps it', () => {
  const noisy = { layer: 'baseline' as const, confidence: 0.6 }
  const sound = { layer: 'pattern' as const, confidence: 0.9 }
  const weights = fitted([
    ...Array.from({ length: 10 }, () => ({ words: [sound], positive: true })),
    ...Array.from({ length: 10 }, () => ({ words: [noisy], positive: false })),
  ])
  expect(weights.baseline).toBeLessThan(0.5)
  expect(weights.pattern).toBeGreaterThan(1)
  expect(weights.invariant).toBe(1)
})
