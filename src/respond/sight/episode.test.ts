import { expect, test } from 'vitest'
import { calm, type Episode, nextEpisode } from './episode.ts'

/** The reports, second by second: `x` trouble, `.` none. Three seconds of trouble open, four of calm close. */
function told(course: string): string {
  let episode: Episode = calm
  return [...course]
    .map((sign, second) => {
      const patienceMs = sign === 'x' ? 3_000 : null
      const step = nextEpisode(episode, { now: second * 1_000, patienceMs, calmMs: 4_000 })
      episode = step.episode
      return step.change === null ? '.' : step.change[0]
    })
    .join('')
}

test('trouble that lasts is told once, and its end once', () => {
  expect(told('..xxxxxxxx......')).toBe('.....o........c.')
})

test('trouble that comes and goes is told once', () => {
  expect(told('xxxx.x..xx.xxx.....')).toBe('...o..............c')
})

test('trouble shorter than its patience is not told', () => {
  expect(told('xx.xx.xx.xx.')).toBe('............')
})

test('a second episode is told again', () => {
  expect(told('xxxx.....xxxx.....')).toBe('...o....c...o....c')
})
