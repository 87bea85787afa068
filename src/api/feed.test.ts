import { expect, test, vi } from 'vitest'
import type { SseEvent, TestApi } from '../../test/harness/api.ts'
import { aTimelineEntry, readEvents, testApi } from '../../test/harness/api.ts'
import { aFinding } from '../../test/harness/builders.ts'
import type { LiveLine } from '../model/line.ts'
import { closeFeed } from './feed.ts'

const aBlock = (blockNumber: number): LiveLine => ({
  type: 'block',
  chainId: 1,
  blockNumber,
  transactions: 2,
  milliseconds: 0.5,
})

const sequences = (events: readonly SseEvent[]): unknown[] =>
  events.filter(({ event }) => event === 'timeline').map(({ data }) => data['sequence'])

/** A moment for the one reader of the record and for the bodies. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

async function open(api: TestApi, lastId?: string) {
  const response = await api.get('/v1/stream', lastId === undefined ? {} : { 'last-event-id': lastId })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const events = readEvents(response)
  const [ready] = await events.next(1)
  await settle()
  return { events, ready }
}

test('a new reader is told what goes on from now, amounts as strings', async () => {
  const api = await testApi()
  api.sources.write(1, 2)
  await settle()
  const { events, ready } = await open(api)
  expect(ready).toEqual({ event: 'ready', id: '2', data: { type: 'ready', resumed: false } })
  api.sources.tell(aBlock(7))
  api.sources.tell(aFinding())
  api.sources.write(3)
  const [block, finding, entry] = await events.next(3)
  expect(block).toMatchObject({ event: 'block', id: undefined, data: { blockNumber: 7 } })
  expect(finding).toMatchObject({
    event: 'finding',
    data: { profit: [{ amount: '1000000000000000000000000' }] },
  })
  expect(entry).toEqual({ event: 'timeline', id: '3', data: { type: 'timeline', ...aTimelineEntry(3) } })
  expect(events.raw()).toMatch(/^retry: 2000\nid: 2\nevent: ready\n/)
  await events.cancel()
})

test('a reader who comes back is told all that it missed, once, then what goes on', async () => {
  const api = await testApi()
  const first = await open(api)
  api.sources.write(1, 2, 3)
  const [, last] = await first.events.next(2)
  await first.events.cancel()
  api.sources.write(4, 5)
  const { events, ready } = await open(api, last?.id)
  expect(ready).toMatchObject({ data: { resumed: true }, id: '2' })
  api.sources.write(6)
  expect(sequences(await events.next(4))).toEqual([3, 4, 5, 6])
  await events.cancel()
})

test('an entry that commits late is told once, to those who stayed and to those who came back', async () => {
  const api = await testApi()
  const stayed = await open(api)
  const came = await open(api)
  api.sources.write(1, 3)
  const [, beforeGap] = await came.events.next(2)
  expect(beforeGap?.id).toBe('3.2')
  await came.events.cancel()
  api.sources.write(2)
  const back = await open(api, beforeGap?.id)
  api.sources.write(4)
  expect(sequences(await back.events.next(2))).toEqual([2, 4])
  expect(sequences(await stayed.events.next(4))).toEqual([1, 3, 2, 4])
  await Promise.all([back.events.cancel(), stayed.events.cancel()])
})

test('what is written while a reader catches up is neither lost nor told twice', async () => {
  const held: (() => void)[] = []
  const api = await testApi()
  const { timelineAfter } = api.sources
  api.sources.write(1, 2)
  await settle()
  // Every look at the record answers late, with what was there when it was asked.
  api.sources.timelineAfter = async (position) => {
    const seen = await timelineAfter(position)
    await new Promise<void>((resolve) => held.push(resolve))
    return seen
  }
  const opening = open(api, '0')
  const reading = opening.then(({ events }) => events.next(6))
  for (let written = 3; written <= 6; written++) {
    await settle()
    api.sources.write(written)
    for (const release of held.splice(0)) release()
  }
  api.sources.timelineAfter = timelineAfter
  for (let i = 0; i < 5; i++) {
    await settle()
    for (const release of held.splice(0)) release()
  }
  expect(sequences(await reading)).toEqual([1, 2, 3, 4, 5, 6])
  const { events } = await opening
  api.sources.write(7)
  expect(sequences(await events.next(1))).toEqual([7])
  await events.cancel()
})

test('an entry that is told to others after a reader’s last look, before it is live, is not lost', async () => {
  const api = await testApi()
  const { timelineAfter } = api.sources
  const looks: (() => void)[] = []
  api.sources.timelineAfter = async (position) => {
    const seen = await timelineAfter(position)
    await new Promise<void>((resolve) => looks.push(resolve))
    return seen
  }
  const { events } = await open(api, '0')
  api.sources.write(1)
  await settle()
  const [ofReader, ofFeed] = looks.splice(0)
  api.sources.timelineAfter = timelineAfter
  ofFeed?.()
  await settle()
  ofReader?.()
  expect(sequences(await events.next(1))).toEqual([1])
  api.sources.write(2)
  expect(sequences(await events.next(1))).toEqual([2])
  await events.cancel()
})

test('a long absence is read in pages', async () => {
  const api = await testApi()
  api.sources.write(...Array.from({ length: 25_000 }, (_, i) => i + 1))
  const { events } = await open(api, '0')
  expect(sequences(await events.next(25_000))).toEqual(Array.from({ length: 25_000 }, (_, i) => i + 1))
  await events.cancel()
})

test('an id of another database resumes nothing and says so', async () => {
  const api = await testApi()
  api.sources.write(1)
  await settle()
  const { events, ready } = await open(api, '500')
  expect(ready).toMatchObject({ id: '1', data: { resumed: false } })
  api.sources.write(2)
  expect(sequences(await events.next(1))).toEqual([2])
  await events.cancel()
})

test('an id that is none is refused', async () => {
  const api = await testApi()
  const response = await api.get('/v1/stream', { 'last-event-id': "1'; DROP TABLE timeline" })
  expect(await response.json()).toMatchObject({ status: 400, code: 'api.InvalidRequest' })
})

test('a reader who is too slow gets a last event that says so, and its place is free', async () => {
  const api = await testApi({}, { maxEvents: 5, graceMs: 20 })
  const { events } = await open(api)
  await settle()
  for (let n = 1; n <= 50; n++) api.sources.tell(aBlock(n))
  const told = await events.until('dropped')
  expect(told.length).toBeLessThanOrEqual(7)
  expect(told.at(-1)).toMatchObject({
    event: 'dropped',
    data: { fix: expect.stringContaining('Last-Event-ID') },
  })
  expect(await events.next(1)).toEqual([])
  expect(api.feed.clients.size).toBe(0)
})

test('a reader who does not even read that is cut off', async () => {
  const api = await testApi({}, { maxEvents: 5, graceMs: 20 })
  await open(api)
  for (let n = 1; n <= 50; n++) api.sources.tell(aBlock(n))
  await vi.waitFor(() => expect(api.destroyed()).toBe(1))
})

test('what waits for a reader is bounded in bytes too, and others do not notice', async () => {
  const api = await testApi({}, { maxBytes: 20_000 })
  const slow = await open(api)
  const quick = await open(api)
  const large = aFinding({ message: 'x'.repeat(4_000) })
  const read = quick.events.next(20)
  for (let n = 0; n < 20; n++) {
    api.sources.tell(large)
    await settle()
  }
  expect((await read).length).toBe(20)
  expect((await slow.events.until('dropped')).length).toBeLessThan(8)
  await quick.events.cancel()
})

test('there is room for so many readers and no more', async () => {
  const api = await testApi({}, { maxClients: 2 })
  const [first] = [await open(api), await open(api)]
  const refused = await api.get('/v1/stream')
  expect(refused.headers.get('retry-after')).toBe('5')
  expect(await refused.json()).toMatchObject({ status: 503, code: 'api.TooManyStreams' })
  await first.events.cancel()
  const { events } = await open(api)
  await events.cancel()
})

test('a silent stream has a heartbeat', async () => {
  const api = await testApi({}, { heartbeatMs: 5 })
  const { events } = await open(api)
  setTimeout(() => api.sources.tell(aBlock(1)), 40)
  await events.next(1)
  expect(events.raw()).toContain('\n\n: heartbeat\n\n')
  await events.cancel()
})

test('a record that cannot be read for a while is told when it can', async () => {
  const api = await testApi()
  const { events } = await open(api)
  await settle()
  const { timelineAfter } = api.sources
  let failures = 2
  api.sources.timelineAfter = (position) => {
    if (failures-- > 0) throw new Error('the database is away')
    return timelineAfter(position)
  }
  api.sources.write(1)
  expect(sequences(await events.next(1))).toEqual([1])
  expect(api.logger.lines.filter((line) => line.includes('database is away'))).toHaveLength(2)
  await events.cancel()
})

test('a reader who cannot be told what it missed is sent away to come again', async () => {
  const api = await testApi()
  api.sources.timelineAfter = async () => {
    throw new Error('the database is away')
  }
  const { events } = await open(api, '0')
  expect((await events.until('dropped')).at(-1)).toMatchObject({
    data: { reason: 'The record cannot be read now.' },
  })
  expect(await events.next(1)).toEqual([])
  expect(api.feed.clients.size).toBe(0)
  expect(api.logger.lines.join()).toContain('database is away')
})

test('a closing feed says goodbye, lets go of its sources and takes nobody new', async () => {
  const api = await testApi()
  const { events } = await open(api)
  const closed = closeFeed(api.feed, 500)
  expect((await events.until('stopping')).at(-1)).toMatchObject({ event: 'stopping' })
  expect(await events.next(1)).toEqual([])
  await closed
  expect([api.feed.clients.size, api.sources.listeners.size]).toEqual([0, 0])
  expect((await api.get('/v1/stream')).status).toBe(503)
})

test('hostile text cannot end an event or begin another', async () => {
  const api = await testApi()
  const { events } = await open(api)
  const message = 'x\n\nevent: stopping\ndata: {}\n\n\r\nid: 9\u2028\u0000'
  api.sources.tell(aFinding({ message }))
  const [event] = await events.next(1)
  expect(event).toMatchObject({ event: 'finding', id: undefined, data: { message } })
  await events.cancel()
})

test('one look at the record serves all readers', async () => {
  const api = await testApi()
  const readers = await Promise.all(Array.from({ length: 10 }, () => open(api)))
  await settle()
  const { timelineAfter } = api.sources
  let looks = 0
  api.sources.timelineAfter = (position) => {
    looks++
    return timelineAfter(position)
  }
  api.sources.write(1)
  for (const { events } of readers) expect(sequences(await events.next(1))).toEqual([1])
  expect(looks).toBe(1)
  for (const { events } of readers) await events.cancel()
})
