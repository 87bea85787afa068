import { expect, test } from 'vitest'
import { isStatable } from '../model/statable.ts'
import { rateText } from './statable.ts'
import { clopperPearson } from './statistics.ts'

const rate = (successes: number, n: number) => clopperPearson({ successes, n })
/** The smallest n from which a share of it can be stated, and all larger ones too. */
const from = (share: number, use: 'share' | 'rare'): number => {
  let n = 2_000
  while (n > 0 && isStatable(rate(Math.floor(share * n), n), use)) n--
  return n + 1
}

test('a share needs n = 8 where none or all succeed, and 27 near half', () => {
  expect([from(0, 'share'), from(1, 'share'), from(0.5, 'share')]).toEqual([8, 8, 27])
})

test('a false positive rate needs 368 transactions without an alarm', () => {
  expect(from(0, 'rare')).toBe(368)
})

test('many alarms among few transactions are known well enough, few are not', () => {
  expect([isStatable(rate(30, 500), 'rare'), isStatable(rate(5, 300), 'rare')]).toEqual([true, false])
  expect(Array.from({ length: 40 }, (_, k) => isStatable(rate(k, 10_000), 'rare')).every(Boolean)).toBe(true)
  expect([13, 14].map((alarms) => isStatable(rate(alarms, 300), 'rare'))).toEqual([false, true])
})

test('a rate that n cannot support is refused in words', () => {
  expect(rateText(rate(7, 7), 'share')).toBe('n = 7: too few to say')
  expect(rateText(rate(0, 0), 'rare')).toBe('n = 0: nothing counted')
  expect(rateText(rate(17, 18), 'share')).toContain('17 of 18 (94 %, 95 % interval')
})
