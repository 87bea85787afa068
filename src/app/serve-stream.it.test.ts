import { beforeAll, expect, test } from 'vitest'
import { readEvents, type SseEvent } from '../../test/harness/api.ts'
import { clock, openServed, type Served } from '../../test/harness/served.ts'
import { note } from '../incidents/context.ts'
import { silentLogger } from '../kit/logger.ts'
import { closeStore, openStore } from '../store/store.ts'
import { serveApi } from './serve.ts'

let api: Served['api']
let app: Served['app']
let incidentId: Served['incidentId']
let store: Served['store']
let stream: Served['stream']
let anIncidentOf: Served['anIncidentOf']
let database: Served['database']
let authorization: Served['authorization']

beforeAll(async () => {
  const served = await openServed()
  ;({ api, app, incidentId, store, stream, anIncidentOf, authorization, database } = served)
  return () => served.close()
})

test('a reader who keeps coming back while many write reads every entry once', async () => {
  const incidents = await Promise.all([11, 12, 13, 14].map(anIncidentOf))
  const first = await stream()
  let [last] = await first.next(1)
  await first.cancel()
  const writes = 40
  const writing = Promise.all(
    incidents.map(async (id) => {
      for (let n = 0; n < writes; n++)
        await note({ store, clock }, { incidentId: id, kind: 'note', message: `note ${n}` })
    }),
  )
  const told: SseEvent[] = []
  const notes = () => told.filter(({ data }) => data['kind'] === 'note').length
  while (notes() < incidents.length * writes) {
    const reader = await stream(last?.id)
    const wanted = Math.min(1 + (told.length % 13), incidents.length * writes - notes())
    const [ready, ...entries] = await reader.next(1 + wanted)
    await reader.cancel()
    expect(ready).toMatchObject({ event: 'ready', data: { resumed: true } })
    told.push(...entries)
    last = entries.at(-1) ?? ready
  }
  await writing
  const rest = await stream(last?.id)
  await note({ store, clock }, { incidentId, kind: 'note', message: 'the last' })
  expect(await rest.next(2)).toMatchObject([{ event: 'ready' }, { data: { message: 'the last' } }])
  await rest.cancel()
  for (const id of incidents) {
    const sequences = told
      .filter(({ data }) => data['incidentId'] === id && data['kind'] === 'note')
      .map(({ data }) => data['sequence'])
    // The first entry of each is its alert.
    expect(sequences).toEqual(Array.from({ length: writes }, (_, n) => n + 2))
  }
})

test('an id outlives a restart of the server', async () => {
  const reader = await stream()
  const [ready] = await reader.next(1)
  await reader.cancel()
  await note({ store, clock }, { incidentId, kind: 'note', message: 'while the server was away' })
  const again = await serveApi(app, 0, { CORDON_API_TOKEN: api.token })
  const headers = { ...authorization(), 'last-event-id': ready?.id ?? '' }
  const events = readEvents(await fetch(`${again.url}/v1/stream`, { headers }))
  expect(await events.next(1)).toMatchObject([{ data: { resumed: true } }])
  // A new reader starts where the server has read to: it may receive an entry that was written just before.
  let told: SseEvent | undefined
  do [told] = await events.next(1)
  while (told?.data['message'] === 'the last')
  expect(told).toMatchObject({ data: { message: 'while the server was away' } })
  await events.cancel()
  await again.stop()
})

test('what another process writes is told too', async () => {
  const reader = await stream()
  const elsewhere = await openStore({ url: database.url, logger: silentLogger })
  await note({ store: elsewhere, clock }, { incidentId, kind: 'note', message: 'from elsewhere' })
  await closeStore(elsewhere)
  let told: SseEvent | undefined
  do [told] = await reader.next(1)
  while (told !== undefined && told.data['message'] !== 'from elsewhere')
  expect(told).toMatchObject({ event: 'timeline', data: { incidentId } })
  await reader.cancel()
})
