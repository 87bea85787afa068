import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addDistinct,
  addTotal,
  BUCKETS,
  bucketSecondsOf,
  copyWindow,
  emptyWindow,
  MOST_KEYS,
  MOST_VALUES,
  type Window,
} from './windows.ts'

type Added = { after: number; key: string; value: number }
const added = fc.array(
  fc.record({
    after: fc.oneof(fc.nat(5), fc.nat(400), fc.nat(20_000)),
    key: fc.constantFrom('a', 'b', 'c'),
    value: fc.integer({ min: -3, max: 9 }),
  }),
  { maxLength: 120 },
)
const over = fc.constantFrom(1, 59, 60, 600, 3_601)

function timed(items: readonly Added[]): (Added & { at: number })[] {
  let at = 1_000_000
  return items.map((item) => {
    at += item.after
    return { ...item, at }
  })
}

/** The contents of the window by its definition: the last sixty buckets, this one included. */
function naive(items: readonly (Added & { at: number })[], i: number, bucketSeconds: number): Added[] {
  const now = items[i]
  if (now === undefined) return []
  const bucket = (at: number): number => Math.floor(at / bucketSeconds)
  return items
    .slice(0, i + 1)
    .filter(({ key, at }) => key === now.key && bucket(at) > bucket(now.at) - BUCKETS)
}

const total = (window: Window, bucketSeconds: number, { key, at, value }: Added & { at: number }): bigint =>
  addTotal(window, { kind: 'sum', bucketSeconds }, { key, at, amount: BigInt(value) })
const distinct = (
  window: Window,
  bucketSeconds: number,
  { key, at, value }: Added & { at: number },
): bigint => addDistinct(window, { kind: 'distinct', bucketSeconds }, { key, at, value: String(value) })

test('a sum equals adding up what is in the window', () => {
  fc.assert(
    fc.property(added, over, (raw, seconds) => {
      const bucketSeconds = bucketSecondsOf(seconds)
      const window = emptyWindow()
      const items = timed(raw)
      for (const [i, item] of items.entries()) {
        const expected = naive(items, i, bucketSeconds).reduce((sum, { value }) => sum + BigInt(value), 0n)
        expect(total(window, bucketSeconds, item)).toBe(expected)
      }
    }),
  )
})

test('a distinct count equals counting what is in the window', () => {
  fc.assert(
    fc.property(added, over, (raw, seconds) => {
      const bucketSeconds = bucketSecondsOf(seconds)
      const window = emptyWindow()
      const items = timed(raw)
      for (const [i, item] of items.entries()) {
        const expected = new Set(naive(items, i, bucketSeconds).map(({ value }) => value)).size
        expect(distinct(window, bucketSeconds, item)).toBe(BigInt(expected))
      }
    }),
  )
})

test.each([
  ['sum', total],
  ['distinct', distinct],
])('copies of a %s window know nothing of one another, and go on as the original would', (_name, add) => {
  fc.assert(
    fc.property(added, added, added, (before, mine, theirs) => {
      const items = timed([...before, ...mine])
      const strangers = timed([...before, ...theirs]).slice(before.length)
      const whole = emptyWindow()
      const expected = items.map((item) => add(whole, 10, item))
      const window = emptyWindow()
      const got = items.slice(0, before.length).map((item) => add(window, 10, item))
      const copy = structuredClone(copyWindow(copyWindow(window)))
      const other = copyWindow(window)
      for (const [i, item] of items.slice(before.length).entries()) {
        const stranger = strangers[i]
        if (stranger !== undefined) add(other, 10, stranger)
        got.push(add(window, 10, item))
        expect(add(copy, 10, item)).toBe(got.at(-1))
      }
      expect(got).toEqual(expected)
    }),
    { numRuns: 50 },
  )
})

test('memory is bounded: keys and values push out those longest untouched', () => {
  const window = emptyWindow()
  for (let i = 0; i < MOST_KEYS + 50; i++) total(window, 1, { after: 0, key: `${i}`, value: 1, at: i })
  expect(window.entries.size).toBe(MOST_KEYS)
  expect(window.entries.has('49')).toBe(false)
  const values = emptyWindow()
  let seen = 0n
  for (let i = 0; i < MOST_VALUES + 50; i++)
    seen = distinct(values, 60, { after: 0, key: '', value: i, at: 1 })
  expect(seen).toBe(BigInt(MOST_VALUES))
})
