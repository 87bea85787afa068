import { expect, test } from 'vitest'
import { createBoundedQueue } from './bounded-queue.ts'

test('a producer waits while the queue is full, and order is kept', async () => {
  const queue = createBoundedQueue<number>({ capacity: 2 })
  const pushed: number[] = []
  const producing = (async () => {
    for (let i = 0; i < 5; i++) {
      await queue.push(i)
      pushed.push(i)
    }
    queue.close()
  })()
  await expect.poll(() => pushed).toEqual([0, 1])
  expect(await queue.take(1)).toEqual([0])
  await expect.poll(() => pushed).toEqual([0, 1, 2])
  expect(await queue.take(10)).toEqual([1, 2])
  await producing
  expect(await queue.take(10)).toEqual([3, 4])
  expect(await queue.take(10)).toEqual([])
})

test('weight holds back as well as number, and one item that is too heavy still passes alone', async () => {
  const queue = createBoundedQueue<number>({ capacity: 100, weigh: (item) => item, maxWeight: 10 })
  await queue.push(6)
  let entered = false
  const waiting = queue.push(50).then(() => {
    entered = true
  })
  await queue.take(0)
  expect(entered).toBe(false)
  expect(await queue.take(5)).toEqual([6])
  await waiting
  expect(await queue.take(5)).toEqual([50])
})

test('closing drops what never got in, and lets what is inside be taken', async () => {
  const queue = createBoundedQueue<string>({ capacity: 1 })
  await queue.push('first')
  const late = queue.push('late')
  queue.close()
  expect(await late).toBe(false)
  expect(await queue.take(5)).toEqual(['first'])
  expect(await queue.take(5)).toEqual([])
})
