import { expect, test } from 'vitest'
import { calibrationSchema } from '../model/calibration.ts'
import { assess, createAssessor } from './assessor.ts'
import { calibrate, type Outcome } from './calibrate.ts'
import { outcomesOfSize } from './calibrated-kinds.ts'
import type { Kind } from './judged.ts'

const kind = (size: Kind['size'], mev = false, chainId = 1) => ({ size, mev, chainId })
const words = (confidence: number): Outcome['words'] => [{ layer: 'pattern', confidence }]
const outcomes: Outcome[] = [
  ...Array.from({ length: 8 }, (_, i) => ({
    case: `long ${i}`,
    attack: true,
    words: words(0.9),
    kind: kind('complex'),
  })),
  ...Array.from({ length: 2 }, (_, i) => ({
    case: `short ${i}`,
    attack: true,
    words: [],
    kind: kind('simple', false, 56),
  })),
  ...Array.from({ length: 5 }, (_, i) => ({
    case: `noise ${i}`,
    attack: false,
    words: words(0.9),
    kind: kind('complex', true),
  })),
]
const silent = { file: 'a', chainId: 1, mev: false, train: false }
const options = {
  files: [],
  budgets: { pageDays: 1, actDays: 10 },
  perDay: 100,
  silent: 10_100,
  silentKinds: [
    { ...silent, size: 'simple' as const, count: 10_000 },
    { ...silent, size: 'complex' as const, count: 100 },
  ],
}
const made = calibrate(outcomes, options)

test('outcomes are counted by size, MEV and chain, and nothing is counted twice in one kind', () => {
  expect(calibrationSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made)
  expect(
    made.strata?.map(({ of, attacks, benign }) => [Object.values(of).join(' '), attacks.length, benign.n]),
  ).toEqual([
    ['size simple', 2, 10_000],
    ['size complex', 8, 105],
    ['mev', 0, 5],
    ['chain 1', 8, 10_105],
    ['chain 56', 2, 0],
  ])
})

test('P(attack) of a complex transaction is not flattered by simple ones that never alarm', () => {
  const budgets = { actDays: 10, attacksPerYear: 0.2 }
  const alarm = {
    score: made.attacks[0] ?? 0,
    layers: ['pattern' as const],
    path: [],
    size: 'complex' as const,
  }
  const { strata: _, ...pooled } = made
  const apart = assess(createAssessor(made, budgets), alarm)
  const together = assess(createAssessor(pooled, budgets), alarm)
  expect(apart.probability.estimate).toBeLessThan(together.probability.estimate / 50)
  expect(apart.probability).toMatchObject({ attacks: 10, benign: 105 })
  expect(apart.statement).toContain('n = 105 benign complex')
  expect(together.statement).not.toContain('benign complex')
})

test('attacks of another size count as missed, whatever the score', () => {
  expect(outcomesOfSize(made, 'simple')?.attacks.filter((score) => score >= 0)).toHaveLength(2)
  expect(outcomesOfSize({ ...made, strata: [] }, 'simple')).toBeNull()
})

test('alerts that people found false count against P(attack) of both sizes', () => {
  const at = (falseAlarms: number[]) =>
    assess(
      createAssessor(
        made,
        { actDays: 10, attacksPerYear: 0.2 },
        { transactions: 1, days: 1, falseAlarms, last: null },
      ),
      { score: 1, layers: ['pattern'], path: [], size: 'complex' },
    ).probability
  expect(at([9, 9]).estimate).toBeLessThan(at([]).estimate)
  expect(at([9, 9]).benign).toBe(107)
})
