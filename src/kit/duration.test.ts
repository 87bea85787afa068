import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationMs, durationText } from './duration.ts'

test.each([
  ['250ms', 250],
  ['45s', 45_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1m500ms', 60_500],
  ['0s', 0],
  ['999999d', 999_999 * 86_400_000],
])('%s is %d milliseconds', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

test.each(['', '5', 's', '1h30', '1 h', '-1h', '1.5h', '1w', '1h 30m', '1000000s', '1hh'])(
  '“%s” is no duration',
  (text) => {
    expect(durationMs(text)).toBeUndefined()
  },
)

test.each([
  [0, '0s'],
  [-5, '0s'],
  [999, '999ms'],
  [1_000, '1s'],
  [59_999, '59s999ms'],
  [5_400_000, '1h30m'],
  [90_061_001, '1d1h'],
  [86_400_005, '1d5ms'],
])('%d milliseconds are shown as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test('a shown duration can be read again, and loses less than its second unit', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 11 }), (ms) => {
      const read = durationMs(durationText(ms)) ?? Number.NaN
      expect(read).toBeLessThanOrEqual(ms)
      expect(ms - read).toBeLessThan(Math.max(1, ms < 86_400_000 ? 60_000 : 3_600_000))
    }),
    { seed: 20_260_101 },
  )
})
