import { describe, expect, test } from 'vitest'
import { anAddress } from '../../test/harness/builders.ts'
import { assess, createAssessor, observe, type Sighting } from './assessor.ts'
import { calibrate, type Outcome } from './calibrate.ts'

const outcomes: Outcome[] = [
  ...Array.from({ length: 10 }, (_, i) => ({
    case: `case ${i}`,
    attack: true,
    words: [{ layer: 'pattern' as const, confidence: 0.9 }],
  })),
  ...Array.from({ length: 1_000 }, (_, i) => ({ case: `tx ${i}`, attack: false, words: [] })),
]
const calibration = calibrate(outcomes, {
  files: [],
  budgets: { pageDays: 1, actDays: 10 },
  perDay: 100,
})
const fresh = () => createAssessor(calibration, { actDays: 10, attacksPerYear: 0.2 })
const path = ['vault', '0xdeposit', 'calm']
/** Numbers between 0 and 1 without pattern, the same in every run. */
const uniform = (i: number): number => (i * 0.6180339887498949) % 1
/** Each user calls once an hour. */
const USERS = 300
const call = (i: number, work: number | null): Sighting => ({
  ...{ path, size: 'simple' as const, score: 0, work, u: uniform(7 * i) },
  sender: anAddress(i % USERS),
})
const hour = 3_600
const alarm = { score: 4, layers: ['pattern' as const], path, size: 'simple' as const }
const statistics = { score: 4, layers: ['baseline' as const], path, size: 'simple' as const }

/** Ordinary calls, one per block of 12 seconds, from block `from` on; returns the reported stages. */
function live(
  assessor: ReturnType<typeof fresh>,
  { from = 0, count, work }: { from?: number; count: number; work: (i: number) => number | null },
): string[] {
  const told: string[] = []
  for (let i = from; i < from + count; i++) {
    const stage = observe(assessor, { timestamp: 12 * i, sightings: [call(i, work(i))], alarmed: false })
    if (stage !== null) told.push(stage.now.stage)
  }
  return told
}

describe('an assessor', () => {
  test('clean scores of simple transactions are no reference for a complex one', () => {
    const assessor = fresh()
    live(assessor, { count: 5_000, work: (i) => 1_000 + 100 * uniform(i) })
    const { conformal } = assess(assessor, { ...alarm, size: 'complex' })
    expect(conformal).toMatchObject({ n: 0, certified: false })
    expect(conformal.text).toMatch(/^complex: not certifiable/)
    expect(assess(assessor, alarm).conformal.certified).toBe(true)
  })

  test('promises more the longer nothing was wrong', () => {
    const assessor = fresh()
    const before = assess(assessor, alarm)
    live(assessor, { count: 5_000, work: (i) => 1_000 + 100 * uniform(i) })
    const after = assess(assessor, alarm)
    expect(after.probability.benign).toBe(6_000)
    expect(after.probability.low).toBeGreaterThan(0)
    expect(after.conformal).toMatchObject({ n: 2_000, certified: true })
    expect(before.conformal.certified).toBe(false)
    expect(before.statement).toContain('not certifiable at 0.001 with n = 0')
    // 7,200 transactions a day now, where the calibration received 100.
    expect(after.runLength.perDay).toBeCloseTo(7_200, -2)
  })

  test('what people found false counts against the promise', () => {
    const assessor = fresh()
    const before = assess(assessor, alarm).runLength
    assessor.traffic.falseAlarms = [4, 4]
    expect(assess(assessor, alarm).runLength).toMatchObject({ falseAlarms: 2 })
    expect(assess(assessor, alarm).runLength.days).toBeLessThan(before.days)
    expect(assess(assessor, alarm).probability.low).toBeLessThan(1)
  })

  test('learns nothing for an hour after an alarm', () => {
    const assessor = fresh()
    live(assessor, { count: 100, work: () => 1_000 })
    const { transactions } = assessor.traffic
    observe(assessor, { timestamp: 1_200, sightings: [call(1, 9e9)], alarmed: true })
    observe(assessor, { timestamp: 1_200 + hour - 1, sightings: [call(2, 9e9)], alarmed: false })
    expect(assessor.traffic.transactions).toBe(transactions)
    observe(assessor, { timestamp: 1_200 + hour, sightings: [call(3, 1_000)], alarmed: false })
    expect(assessor.traffic.transactions).toBe(transactions + 1)
  })

  test('steady use is stable; use that changes disarms automation out loud, and steady use arms it again', () => {
    const assessor = fresh()
    const noise = (i: number) => 1_000 + 100 * uniform(i)
    expect(live(assessor, { count: 10_000, work: noise })).toEqual([])
    const told = live(assessor, { from: 10_000, count: 300, work: (i) => noise(i) * 3 })
    expect(told.at(-1)).toBe('disarm')
    expect(assess(assessor, statistics).drift).toBe('disarm')
    expect(assess(assessor, statistics).statement).toContain('drift (disarm)')
    const later = live(assessor, { from: 10_300, count: 4_000, work: (i) => noise(i) * 3 })
    expect(later).toContain('stable')
  })

  test('drift widens what statistics say, not what a rule saw', () => {
    const assessor = fresh()
    const before = { rule: assess(assessor, alarm), statistics: assess(assessor, statistics) }
    assessor.drift.stage = { stage: 'disarm', reason: 'for a test' }
    expect(assess(assessor, alarm).probability).toEqual(before.rule.probability)
    expect(assess(assessor, statistics).probability.low).toBeLessThan(before.statistics.probability.low)
  })

  describe('a stranger decides nothing by', () => {
    const settled = () => {
      const assessor = fresh()
      const noise = (i: number) => 1_000 + 100 * uniform(i)
      expect(live(assessor, { count: 10_000, work: noise })).toEqual([])
      return assessor
    }
    const flood = (
      assessor: ReturnType<typeof fresh>,
      change: (i: number) => Partial<Sighting>,
    ): string[] => {
      const told: string[] = []
      for (let i = 0; i < 1_000; i++) {
        const sightings = [{ ...call(i, 9_000), ...change(i) }]
        const stage = observe(assessor, { timestamp: 120_000 + 12 * i, sightings, alarmed: false })
        if (stage !== null) told.push(stage.now.stage)
      }
      return told
    }

    test('calls that do nothing', () => {
      const assessor = settled()
      const { transactions } = assessor.traffic
      expect(flood(assessor, () => ({ work: null }))).toEqual([])
      expect(assessor.traffic.transactions).toBe(transactions)
    })

    test('many calls of one account, known or not', () => {
      expect(flood(settled(), () => ({ sender: anAddress(7) }))).toEqual([])
      expect(flood(settled(), () => ({ sender: anAddress(9_999) }))).toEqual([])
    })

    test('calls of as many new accounts as he likes', () => {
      expect(flood(settled(), (i) => ({ sender: anAddress(1_000 + i) }))).toEqual([])
    })
  })

  test('a long silence is not watched time', () => {
    const assessor = fresh()
    observe(assessor, { timestamp: 0, sightings: [], alarmed: false })
    observe(assessor, { timestamp: 365 * 86_400, sightings: [], alarmed: false })
    expect(assessor.traffic.days).toBeCloseTo(1 / 24, 6)
  })
})
