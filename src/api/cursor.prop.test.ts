import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyCursor, cursorAt, cursorText, OVERLAP, parseCursor, take } from './cursor.ts'

/** Positions 1…n in an order in which transactions may commit: none more than `late` places late; some never. */
const commits = fc
  .record({
    delays: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 400 }),
    lost: fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }),
  })
  .map(({ delays, lost }) =>
    delays
      .map((delay, i) => ({ position: i + 1, at: i + delay }))
      .filter(({ position }) => !lost.includes(position))
      .sort((a, b) => a.at - b.at)
      .map(({ position }) => position),
  )

test('a reader who goes on from its id at any place reads every entry once', () => {
  fc.assert(
    fc.property(commits, fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 }), (order, breaks) => {
      const read: number[] = []
      let cursor = cursorAt(0)
      for (let committed = 1; committed <= order.length; committed++) {
        if (breaks.includes(committed)) cursor = parseCursor(cursorText(cursor)) ?? cursorAt(-1)
        // A look at the record: what has committed and is not older than the overlap, by position.
        const visible = order.slice(0, committed).filter((position) => position > cursor.newest - OVERLAP)
        for (const position of visible.sort((a, b) => a - b)) if (take(cursor, position)) read.push(position)
      }
      expect([...read].sort((a, b) => a - b)).toEqual([...order].sort((a, b) => a - b))
    }),
  )
})

test('an id says the cursor and is short', () => {
  fc.assert(
    fc.property(commits, (order) => {
      const cursor = cursorAt(0)
      for (const position of order) take(cursor, position)
      const text = cursorText(cursor)
      expect(parseCursor(text)).toEqual({ newest: cursor.newest, told: new Set(cursor.told) })
      expect(text.length).toBeLessThanOrEqual(15 + 1 + OVERLAP / 4)
    }),
  )
})

test('without gaps an id is the position alone', () => {
  const cursor = cursorAt(0)
  for (let position = 1; position <= 600; position++) take(cursor, position)
  expect(cursorText(cursor)).toBe('600')
  take(cursor, 602)
  expect(cursorText(cursor)).toBe('602.2')
  expect(cursor.told.size).toBeLessThanOrEqual(OVERLAP)
})

test('a copy has a life of its own', () => {
  const cursor = cursorAt(3)
  const copy = copyCursor(cursor)
  take(copy, 4)
  expect(cursor).toEqual(cursorAt(3))
})

test('what is no id is refused', () => {
  const refused = [
    '',
    'x',
    '-1',
    '1.',
    '1.g',
    '1 ',
    '1e3',
    '9'.repeat(16),
    `1.${'f'.repeat(65)}`,
    '1\n2',
    '0x1',
  ]
  expect(refused.filter((text) => parseCursor(text) !== undefined)).toEqual([])
  expect(parseCursor('0')).toEqual(cursorAt(0))
})
