import { describe, expect, test } from 'vitest'
import { gaussian, randomFrom } from '../../bench/random.ts'
import { learnReading, readGate, runLengthGate } from './gate.ts'

const HOUR = 3_600
/** Restless scores that stay restless: what a plain conformal p-value cannot bear. */
function dependent(seed: number): () => number {
  const random = randomFrom(seed)
  let state = 0
  return () => {
    state = 0.9 * state + 0.4 * gaussian(random)
    return Math.max(0, 0.8 + state)
  }
}

function falseAlarms(seed: number, points: number): number {
  const gate = runLengthGate({ budgetsDays: [10], blockPoints: 1, pointSeconds: HOUR })
  const next = dependent(seed)
  let alarms = 0
  for (let i = 0; i < points; i++) {
    const reading = readGate(gate, next())
    if (reading === null) continue
    alarms += reading.alarmed.length
    learnReading(gate, reading)
  }
  return alarms
}

describe('the run-length gate', () => {
  test('keeps its promise on scores that depend on one another', () => {
    // 30,000 hours are 1,250 days: at most 125 false alarms at a budget of 10 days
    expect(falseAlarms(91, 30_000)).toBeLessThan(125 + 3 * Math.sqrt(125))
  })

  test('reads the largest of each block, and says with how many it was compared', () => {
    const gate = runLengthGate({ budgetsDays: [10, 100], blockPoints: 3, pointSeconds: 60 })
    const readings = [1, 0.2, 0.1, 0, 0.5, 0.3].map((surprise) => readGate(gate, surprise))
    expect(readings.map((reading) => reading?.score ?? null)).toEqual([null, null, 1, null, null, 0.5])
    expect(readings[2]).toMatchObject({ n: 0, p: 1, alarmed: [] })
  })

  test('a lasting change is told, by the small budget first, and survives a restore', () => {
    const gate = runLengthGate({ budgetsDays: [10, 365], blockPoints: 1, pointSeconds: HOUR })
    const next = dependent(92)
    for (let i = 0; i < 3_000; i++) {
      const reading = readGate(gate, next())
      if (reading !== null) learnReading(gate, reading)
    }
    const told = (from: typeof gate): (number | undefined)[] => {
      const when = [0, 1].map((): number | undefined => undefined)
      for (let hour = 1; hour <= 48; hour++)
        for (const budget of readGate(from, 6)?.alarmed ?? []) when[budget] ??= hour
      return when
    }
    const restored = structuredClone(gate)
    const [small, large] = told(gate)
    expect(small).toBeLessThanOrEqual(large ?? 0)
    expect(large).toBeLessThanOrEqual(24)
    expect(told(restored)).toEqual([small, large])
  })
})
