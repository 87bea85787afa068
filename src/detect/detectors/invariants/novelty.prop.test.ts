import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyProtocol, type NoveltyRecord, type ProtocolModel } from './model.ts'
import { chanceOf, countNovelty, kindOf, NO_NOVELTY, noveltyOf } from './novelty.ts'
import type { Observation } from './observe.ts'
import type { Trials } from './support.ts'

const trials = fc
  .record({ asked: fc.nat(1_000), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ asked, share }): Trials => ({ asked, broken: Math.floor(asked * share) }))
const record = fc.record({
  sums: fc.array(fc.nat(50), { maxLength: 33 }),
  through: trials,
  alone: trials,
  within: trials,
  elsewhere: trials,
  callers: trials,
})
const decades = fc.double({ min: 0, max: 20, noNaN: true })

/** A transaction with `steps` sequences never seen, through a contract. */
function stepping(steps: number): Observation {
  return {
    block: 1,
    steps: Array.from({ length: steps }, (_, i) => ({ key: `a>${i}`, frames: [0, 1] })),
    functions: [],
    quantities: [],
    accounts: [],
    recorded: [],
    kind: 'use',
  }
}

function calm(transactions: number): ProtocolModel {
  const protocol = emptyProtocol('vault', [])
  protocol.transactions = transactions
  protocol.trials.step = { asked: transactions, broken: 0 }
  for (let i = 0; i < transactions; i++)
    protocol.novelty = countNovelty(stepping(0), NO_NOVELTY, protocol.novelty)
  return protocol
}

function chance(steps: number, protocol: ProtocolModel): number {
  const seen = stepping(steps)
  return noveltyOf(seen, protocol, { newSteps: seen.steps, margin: 4 }).chance
}

describe('the chance of novelty', () => {
  test('is a probability, and never rises with the sum of surprise', () => {
    fc.assert(
      fc.property(record, decades, decades, (past: NoveltyRecord, x, y) => {
        const [less, more] = [chanceOf(Math.min(x, y), past), chanceOf(Math.max(x, y), past)]
        expect(less).toBeLessThanOrEqual(1)
        expect(more).toBeGreaterThan(0)
        expect(more).toBeLessThanOrEqual(less)
      }),
    )
  })

  test('grows with every ordinary transaction that was as new', () => {
    fc.assert(
      fc.property(record, decades, (past: NoveltyRecord, x) => {
        const once = countNovelty(stepping(0), { ...NO_NOVELTY, decades: x }, past)
        const through = past.through
        expect(chanceOf(x, { ...once, through })).toBeGreaterThanOrEqual(chanceOf(x, past))
      }),
    )
  })

  test('falls with the length of a calm history, and with the number of new steps', () => {
    const lengths = [0, 10, 30, 100, 300, 1_000].map((length) => chance(1, calm(length)))
    expect(lengths).toEqual([...lengths].sort((x, y) => y - x))
    const counts = [0, 1, 2, 4].map((steps) => chance(steps, calm(50)))
    expect(counts).toEqual([...counts].sort((x, y) => y - x))
  })

  test('one new step is told neither at once nor after ten transactions, after a thousand it is', () => {
    expect(chance(1, calm(0))).toBeGreaterThan(0.02)
    expect(chance(1, calm(10))).toBeGreaterThan(0.001)
    expect(chance(1, calm(1_000))).toBeLessThan(0.001)
  })
})

test('the record is not changed in place, and stays bounded', () => {
  fc.assert(
    fc.property(record, decades, (past: NoveltyRecord, x) => {
      const before = structuredClone(past)
      const next = countNovelty(stepping(1), { ...NO_NOVELTY, decades: x }, past)
      expect(past).toEqual(before)
      expect(next.sums.length).toBe(33)
      expect(next.sums.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(4_001)
    }),
  )
})

test.each([
  [{ asked: 100, broken: 2 }, 'used by people'],
  [{ asked: 100, broken: 50 }, 'used by both'],
  [{ asked: 100, broken: 100 }, 'used by contracts'],
])('a protocol reached %o times through contracts is one %s', (through, kind) => {
  expect(kindOf(through).name).toBe(kind)
})
