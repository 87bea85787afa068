import { describe, expect, test } from 'vitest'
import { gaussian, randomFrom } from '../../../bench/random.ts'
import { DAY_SECONDS } from './profile.ts'
import { copyScorer, type Point, REFRACTORY, scorePoint, seriesScorer } from './scorer.ts'

const STEP = 600

/** Ten-minute points with a daily wave and noise; `change` alters values by day. */
function wave(days: number, change: (value: number, day: number) => number = (value) => value): Point[] {
  const random = randomFrom(71)
  return Array.from({ length: (days * DAY_SECONDS) / STEP }, (_, i) => {
    const at = 1_600_000_000 + i * STEP
    const value = 100 + 40 * Math.sin((2 * Math.PI * at) / DAY_SECONDS) + 2 * gaussian(random)
    return { at, value: change(value, (i * STEP) / DAY_SECONDS) }
  })
}

function alarmDays(points: readonly Point[]): number[] {
  const scorer = seriesScorer()
  return points.flatMap((point, i) => (scorePoint(scorer, point).alarm ? [(i * STEP) / DAY_SECONDS] : []))
}

describe('the combined scorer', () => {
  test('a daily wave rarely alarms', () => {
    expect(alarmDays(wave(30)).filter((day) => day > 3).length).toBeLessThanOrEqual(5)
  })

  test.each([
    ['a spike', (value: number, day: number) => (day >= 20 && day < 20.01 ? value + 80 : value), 0.01],
    ['a level shift', (value: number, day: number) => (day >= 20 ? value + 30 : value), 0.1],
    ['a day without its wave', (value: number, day: number) => (day >= 20 && day < 21 ? 100 : value), 0.6],
    ['a drop to nothing', (value: number, day: number) => (day >= 20 && day < 20.2 ? 0 : value), 0.02],
  ])('%s is told soon', (_, change, within) => {
    expect(alarmDays(wave(22, change)).some((day) => day >= 20 && day <= 20 + within)).toBe(true)
  })

  test('an episode is told once', () => {
    const days = alarmDays(wave(22, (value, day) => (day >= 20 && day < 20.7 ? value * 3 : value)))
    expect(days.filter((day) => day >= 20 && day < 20 + (REFRACTORY * STEP) / DAY_SECONDS)).toHaveLength(1)
  })

  test('does not look ahead: a point’s score is the same whatever comes later', () => {
    const points = wave(5)
    const score = (rows: readonly Point[]): number[] => {
      const scorer = seriesScorer()
      return rows.map((point) => scorePoint(scorer, point).score)
    }
    expect(score(points).slice(0, 300)).toEqual(score(points.slice(0, 300)))
  })

  test('is between 0 and 1, silent about what it cannot compare', () => {
    const scorer = seriesScorer()
    for (const [i, point] of wave(3).entries()) {
      const { likelihood, surprise } = scorePoint(scorer, point)
      expect(likelihood).toBeGreaterThanOrEqual(0)
      expect(likelihood).toBeLessThanOrEqual(1)
      if (i < 50) expect(surprise).toBe(0)
    }
  })

  test('goes on after a restore as if nothing had been, and a copy is independent', () => {
    const [first, second] = [seriesScorer({ memory: 200 }), seriesScorer({ memory: 200 })]
    const points = wave(4)
    for (const point of points.slice(0, 400)) {
      scorePoint(first, point)
      scorePoint(second, point)
    }
    const restored = copyScorer(first)
    for (const point of points.slice(400)) scorePoint(first, point)
    const revived: typeof first = JSON.parse(JSON.stringify(restored))
    const rest = (scorer: typeof first): number[] =>
      points.slice(400).map((point) => scorePoint(scorer, point).surprise)
    const expected = rest(second)
    expect(rest(restored)).toEqual(expected)
    expect(rest(revived)).toEqual(expected)
    expect(Math.max(...first.errors.map(({ tail }) => tail.recent.length))).toBe(200)
  })
})
