import { expect, test } from 'vitest'
import { latenessBehind } from './lateness.ts'

const bounds = { blocks: 20, seconds: 60 }
const head = { number: 1_000, timestamp: 10_000 }
const late = (blocks: number, seconds: number | null) =>
  latenessBehind(
    { number: head.number - blocks, timestamp: seconds === null ? null : head.timestamp - seconds },
    head,
    bounds,
  )

test('a block is old beyond either bound, however fast or slow the chain is', () => {
  expect(late(20, 5)).toBeNull()
  expect(late(21, 5)).toEqual({ blocks: 21, seconds: 5 })
  expect(late(5, 60)).toBeNull()
  expect(late(5, 61)).toEqual({ blocks: 5, seconds: 61 })
})

test('a block near the head is never old, though the chain stood still for a day', () => {
  expect(late(2, 86_400)).toBeNull()
})

test('without a time blocks decide', () => {
  expect(late(20, null)).toBeNull()
  expect(late(21, null)).toEqual({ blocks: 21, seconds: null })
})
