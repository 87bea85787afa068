import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { anIncident, HOST, PATHS, problemOf, TOKEN, testApi } from '../../test/harness/api.ts'
import { CordonError } from '../kit/error.ts'
import { chainVerdictSchema, evidenceSchema } from '../model/evidence.ts'
import { findingSchema } from '../model/finding.ts'
import { healthSchema } from '../model/health.ts'
import { incidentSchema } from '../model/incident.ts'
import { runSchema } from '../model/playbook.ts'
import { timelineEntrySchema } from '../model/timeline.ts'

test('docs/schemas/openapi.json is current', async () => {
  const { ask } = await testApi()
  const document: unknown = await (await ask('/openapi.json', { headers: { host: HOST } })).json()
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(
    '../../docs/schemas/openapi.json',
  )
})

test('the document is OpenAPI 3.1 with every route, and amounts as strings', async () => {
  const { ask } = await testApi()
  const document: unknown = await (await ask('/openapi.json', { headers: { host: HOST } })).json()
  const { paths } = z.object({ paths: z.record(z.string(), z.unknown()) }).parse(document)
  expect(Object.keys(paths).sort()).toEqual(
    [
      '/health',
      '/v1/plans/{id}/approvals',
      ...PATHS.map((path) => path.replace(/(inc|run|plan)-1/, '{id}')),
    ].sort(),
  )
  const amount = { type: 'string', pattern: '^-?\\d+$' }
  const profit = { items: { properties: { amount } } }
  expect(document).toMatchObject({
    openapi: '3.1.0',
    components: { schemas: { Finding: { properties: { profit } } } },
  })
})

test('answers are what the model says, with amounts as decimal strings', async () => {
  const { get } = await testApi()
  const read = async <S extends z.ZodType>(path: string, schema: S): Promise<unknown> => {
    const response = await get(path)
    expect({ path, status: response.status }).toEqual({ path, status: 200 })
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    const body: unknown = await response.json()
    schema.parse(body)
    return body
  }
  await read('/health', healthSchema)
  await read('/v1/incidents', z.object({ incidents: z.array(incidentSchema).length(1) }))
  await read('/v1/incidents/inc-1', incidentSchema)
  await read('/v1/incidents/inc-1/timeline', z.object({ entries: z.array(timelineEntrySchema).length(3) }))
  await read(
    '/v1/incidents/inc-1/evidence',
    z.object({ links: z.array(evidenceSchema).length(1), verdict: chainVerdictSchema }),
  )
  const findings = await read(
    '/v1/incidents/inc-1/findings',
    z.object({ findings: z.array(findingSchema).length(1) }),
  )
  expect(findings).toMatchObject({ findings: [{ profit: [{ amount: '1000000000000000000000000' }] }] })
  await read('/v1/incidents/inc-1/runs', z.object({ runs: z.array(runSchema).length(1) }))
  const run = await read('/v1/runs/run-1', runSchema)
  expect(run).toMatchObject({ steps: [{ output: { wei: '1000000000000000000000000' } }] })
})

test('a timeline is read from where one left off', async () => {
  const { get } = await testApi()
  const body: unknown = await (await get('/v1/incidents/inc-1/timeline?after=2')).json()
  expect(body).toMatchObject({ entries: [{ sequence: 3 }] })
})

test('filters reach the record: states, least severity, limit', async () => {
  const asked: unknown[] = []
  const { get } = await testApi({
    listIncidents: async (query) => {
      asked.push(query)
      return []
    },
  })
  await get('/v1/incidents?state=open,contained&severity=high&limit=7')
  await get('/v1/incidents')
  expect(asked).toEqual([{ states: ['open', 'contained'], minSeverity: 'high', limit: 7 }, { limit: 100 }])
})

test.each([
  ['/v1/incidents?limit=501', 'limit'],
  ['/v1/incidents?limit=99999999999999999999', 'limit'],
  ['/v1/incidents?limit=-1', 'limit'],
  ['/v1/incidents?limit=1e2', 'limit'],
  ['/v1/incidents?limit=0', 'limit'],
  ['/v1/incidents?state=opened', 'state.0'],
  ['/v1/incidents?severity=huge', 'severity'],
  ['/v1/incidents?sevrity=high', ''],
  ['/v1/incidents/inc-1/timeline?after=x', 'after'],
  ['/v1/incidents/a%00b', 'id'],
  [`/v1/incidents/${'a'.repeat(129)}`, 'id'],
  ['/v1/incidents/%2e%2e%2fetc', 'id'],
])('%s is refused and the field named', async (path, field) => {
  const { get } = await testApi()
  const response = await get(path)
  expect(response.status).toBe(400)
  const problem = await problemOf(response)
  expect(problem).toMatchObject({ code: 'api.InvalidRequest', facts: { fields: [{ field }] } })
})

test('HEAD on the stream takes no place in it', async () => {
  const { ask, feed } = await testApi()
  const response = await ask('/v1/stream', {
    method: 'HEAD',
    headers: { host: HOST, authorization: `Bearer ${TOKEN}` },
  })
  expect([response.status, feed.clients.size]).toEqual([200, 0])
})

test('HEAD of an archive gives nothing out, so the ledger does not say that it was', async () => {
  const given: string[] = []
  const { ask } = await testApi({
    export: async (id) => {
      given.push(id)
      return { bytes: new Uint8Array(1), name: 'x.tar.gz', head: '' }
    },
  })
  const headers = { host: HOST, authorization: `Bearer ${TOKEN}` }
  expect((await ask('/v1/incidents/inc-1/export', { method: 'HEAD', headers })).status).toBe(405)
  expect(given).toEqual([])
  expect((await ask('/v1/incidents/inc-1/export', { headers })).status).toBe(200)
  expect(given).toEqual(['inc-1'])
})

test('what is not there is 404 with code, fix and page', async () => {
  const { get } = await testApi()
  expect(await problemOf(await get('/v1/incidents/inc-2'))).toMatchObject({
    type: 'urn:cordon:error:incidents.UnknownIncident',
    title: 'Not Found',
    status: 404,
    instance: '/v1/incidents/inc-2',
    docs: 'docs/errors/incidents.UnknownIncident.md',
  })
  for (const part of [
    'timeline',
    'evidence',
    'findings',
    'runs',
    'report',
    'stix',
    'addresses.csv',
    'export',
  ]) {
    expect((await get(`/v1/incidents/inc-2/${part}`)).status).toBe(404)
  }
  expect(await problemOf(await get('/v1/runs/run-2'))).toMatchObject({ status: 404 })
})

test('a database that is away is 503 with Retry-After', async () => {
  const { get } = await testApi({
    listIncidents: async () => {
      throw new CordonError({ code: 'store.Unreachable', message: 'Away.', fix: 'Wait.', retryable: true })
    },
  })
  const response = await get('/v1/incidents')
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await problemOf(response)).toMatchObject({
    code: 'store.Unreachable',
    detail: 'Away.',
    fix: 'Wait.',
  })
})

test('what was not foreseen is 500 and says nothing of the insides; the log does', async () => {
  const { get, logger } = await testApi({
    getIncident: async () => {
      throw new Error('relation "incidents" at postgres://cordon:hunter2@db.internal/x is odd')
    },
  })
  const response = await get('/v1/incidents/inc-1')
  const text = await response.text()
  expect(JSON.parse(text)).toMatchObject({ status: 500, code: 'api.Unexpected', facts: {} })
  expect(text).not.toMatch(/relation|db\.internal|at .*\.ts/)
  expect(logger.lines.join('\n')).toContain('relation')
  expect(logger.lines.join('\n')).not.toContain('hunter2')
})

test('hostile titles come out as JSON strings, whole and inert', async () => {
  const title = '</script><img src=x onerror=alert(1)>\u0000\u001b[31m\u2028\u202e"\\\ud800'
  const { get, sources } = await testApi()
  sources.incidents[0] = anIncident({ title })
  const response = await get('/v1/incidents/inc-1')
  const text = await response.text()
  expect(JSON.parse(text).title).toBe(title)
  expect(text).not.toMatch(/[\u0000-\u001f]/)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
})

test('the docs page needs nothing from elsewhere and runs no script', async () => {
  const { ask } = await testApi()
  const response = await ask('/docs', { headers: { host: HOST } })
  const html = await response.text()
  for (const path of PATHS) expect(html).toContain(path.replace(/(inc|run|plan)-1/, '{id}'))
  expect(html).not.toMatch(/<script|src=|https?:|@import|url\(| on\w+=/)
  const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  expect(response.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`)
})
