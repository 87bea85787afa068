import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { aChainHealth, anIncident, PORT, TOKEN, testApi } from '../../test/harness/api.ts'
import { CordonError } from '../kit/error.ts'
import { chainVerdictSchema, evidenceSchema } from '../model/evidence.ts'
import { findingSchema } from '../model/finding.ts'
import { healthSchema } from '../model/health.ts'
import { incidentSchema } from '../model/incident.ts'
import { runSchema } from '../model/playbook.ts'
import { problemSchema } from '../model/problem.ts'
import { timelineEntrySchema } from '../model/timeline.ts'

const PATHS = [
  '/v1/incidents',
  '/v1/incidents/inc-1',
  '/v1/incidents/inc-1/timeline',
  '/v1/incidents/inc-1/evidence',
  '/v1/incidents/inc-1/findings',
  '/v1/incidents/inc-1/runs',
  '/v1/incidents/inc-1/report',
  '/v1/incidents/inc-1/stix',
  '/v1/incidents/inc-1/addresses.csv',
  '/v1/incidents/inc-1/export',
  '/v1/incidents/inc-1/plans',
  '/v1/plans/plan-1/approval',
  '/v1/runs/run-1',
  '/v1/stream',
]
const host = `127.0.0.1:${PORT}`
const problemOf = async (response: Response) => problemSchema.parse(await response.json())

test('docs/schemas/openapi.json is current', async () => {
  const { ask } = await testApi()
  const document: unknown = await (await ask('/openapi.json', { headers: { host } })).json()
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(
    '../../docs/schemas/openapi.json',
  )
})

test('the document is OpenAPI 3.1 with every route, and amounts as strings', async () => {
  const { ask } = await testApi()
  const document: unknown = await (await ask('/openapi.json', { headers: { host } })).json()
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

test.each(PATHS)('%s without a token, or with a wrong one, is 401', async (path) => {
  const { ask, feed } = await testApi()
  const wrong = [
    {},
    { authorization: 'Bearer wrong' },
    { authorization: TOKEN },
    { authorization: 'Bearer ' },
  ]
  for (const headers of wrong) {
    const response = await ask(path, { headers: { host, ...headers } })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(await problemOf(response)).toMatchObject({ code: 'api.Unauthorized', status: 401, instance: path })
  }
  expect(feed.clients.size).toBe(0)
})

test('a path that does not exist does not say so without the token', async () => {
  const { ask, get } = await testApi()
  expect((await ask('/v1/nothing', { headers: { host } })).status).toBe(401)
  expect(await problemOf(await get('/v1/nothing'))).toMatchObject({ status: 404, code: 'api.NotFound' })
})

test('the token in the query opens the stream and nothing else', async () => {
  const { ask, feed } = await testApi()
  for (const path of PATHS.filter((path) => path !== '/v1/stream')) {
    expect((await ask(`${path}?token=${TOKEN}`, { headers: { host } })).status).toBe(401)
  }
  expect((await ask('/v1/stream?token=wrong', { headers: { host } })).status).toBe(401)
  const stream = await ask(`/v1/stream?token=${TOKEN}`, { headers: { host } })
  expect(stream.status).toBe(200)
  await stream.body?.cancel()
  expect(feed.clients.size).toBe(0)
})

test.each([
  'evil.example',
  `evil.example:${PORT}`,
  '127.0.0.1',
  `127.0.0.1:${PORT + 1}`,
  `127.0.0.1.evil.example:${PORT}`,
  `127.0.0.1:${PORT}.evil.example`,
  '',
])('a request for Host “%s” is 403, with the token or without', async (foreign) => {
  const { get, ask } = await testApi()
  for (const path of ['/health', '/docs', '/v1/incidents']) {
    expect((await get(path, { host: foreign })).status).toBe(403)
    const response = await ask(path, { headers: { host: foreign } })
    expect(await problemOf(response)).toMatchObject({ code: 'api.ForeignHost', status: 403 })
  }
})

test.each([host, `localhost:${PORT}`, `LOCALHOST:${PORT}`, `[::1]:${PORT}`])(
  'a request for Host %s is let pass',
  async (own) => {
    const { get } = await testApi()
    expect((await get('/v1/incidents', { host: own })).status).toBe(200)
  },
)

test('no answer lets another origin read it', async () => {
  const { get, ask } = await testApi()
  const headers = { host, origin: 'https://evil.example', 'access-control-request-method': 'GET' }
  const preflight = await ask('/v1/incidents', { method: 'OPTIONS', headers })
  expect(preflight.status).toBe(401)
  for (const response of [preflight, await get('/v1/incidents', { origin: 'https://evil.example' })]) {
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  }
})

test('other methods are 405 with what is allowed; a large body is 413', async () => {
  const { ask } = await testApi()
  const headers = { host, authorization: `Bearer ${TOKEN}` }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const response = await ask('/v1/incidents/inc-1', { method, headers })
    expect(response.headers.get('allow')).toBe('GET, HEAD')
    expect(await problemOf(response)).toMatchObject({ status: 405, code: 'api.MethodNotAllowed' })
  }
  const large = await ask('/v1/incidents', { method: 'POST', headers, body: 'x'.repeat(20_000) })
  expect(await problemOf(large)).toMatchObject({ status: 413, code: 'api.BodyTooLarge' })
})

const SIGNED = {
  chainId: 1,
  target: `0x${'11'.repeat(20)}`,
  calldata: '0x8456cb59',
  authority: `0x${'99'.repeat(20)}`,
  lane: 'lane',
  nonce: 0,
  decision: 'approve',
  validUntil: 1_700_000_600,
  signer: `0x${'99'.repeat(20)}`,
  signature: `0x${'ab'.repeat(65)}`,
}

const post = (
  path: string,
  body: string,
  headers: Record<string, string> = {},
): RequestInit & { path: string } => ({
  path,
  method: 'POST',
  headers: { host, authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
  body,
})

test('what a person signed is taken with the token, and the answer says what it came to', async () => {
  const { ask } = await testApi()
  const { path, ...init } = post('/v1/plans/plan-1/approvals', JSON.stringify(SIGNED))
  const response = await ask(path, init)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ verdict: { state: 'approved' }, notCounted: null })
  const without = await ask(path, { ...init, headers: { host, 'content-type': 'application/json' } })
  expect(await problemOf(without)).toMatchObject({ status: 401 })
})

test('a signed approval that is not one, or of no plan, is refused with what is wrong', async () => {
  const { ask } = await testApi()
  const cases: [string, string, number][] = [
    ['/v1/plans/plan-1/approvals', JSON.stringify({ ...SIGNED, signature: '0xzz' }), 400],
    ['/v1/plans/plan-1/approvals', '{', 400],
    ['/v1/plans/plan-1/approvals', '', 400],
    ['/v1/plans/nowhere/approvals', JSON.stringify(SIGNED), 404],
  ]
  for (const [at, body, status] of cases) {
    const { path, ...init } = post(at, body)
    expect({ body, ...(await problemOf(await ask(path, init))) }).toMatchObject({ body, status })
  }
  const { path, ...plain } = post('/v1/plans/plan-1/approvals', JSON.stringify(SIGNED), {
    'content-type': 'text/plain',
  })
  const as = await ask(path, plain)
  expect(await problemOf(as)).toMatchObject({ status: 400, code: 'api.InvalidRequest' })
})

test('HEAD on the stream takes no place in it', async () => {
  const { ask, feed } = await testApi()
  const response = await ask('/v1/stream', {
    method: 'HEAD',
    headers: { host, authorization: `Bearer ${TOKEN}` },
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
  const headers = { host, authorization: `Bearer ${TOKEN}` }
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

test('the token never comes out: not in answers, not in logs', async () => {
  const fail = async (): Promise<never> => {
    throw new Error('broken')
  }
  const { get, ask, logger } = await testApi({ getIncident: fail, report: fail, lastPosition: async () => 0 })
  const paths = [
    ...PATHS.filter((path) => path !== '/v1/stream'),
    `/v1/incidents?token=${TOKEN}`,
    `/v1/stream?tokn=x&token=${TOKEN}`,
    '/openapi.json',
    '/docs',
    '/health',
  ]
  const responses = [
    ...(await Promise.all(paths.map((path) => get(path)))),
    await ask(`/v1/stream?token=${TOKEN}x`, { headers: { host } }),
    await ask(`/v1/stream?token=${TOKEN}`, { headers: { host, 'last-event-id': 'x y' } }),
    await ask(`/v1/stream?token=${TOKEN}`, { headers: { host: 'evil.example' } }),
  ]
  expect(responses.some(({ status }) => status === 500)).toBe(true)
  for (const response of responses) {
    expect(`${[...response.headers]}${await response.text()}`).not.toContain(TOKEN)
  }
  expect(logger.lines.length).toBeGreaterThan(0)
  expect(logger.lines.join('\n')).not.toContain(TOKEN)
})

test('health needs no token and says no more than it must', async () => {
  const { ask } = await testApi()
  const response = await ask('/health', { headers: { host } })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    status: 'ok',
    reasons: [],
    database: { up: true },
    chains: [aChainHealth()],
  })
})

test('health that is not ok is 503, and only who has the token reads the details', async () => {
  const message = '1 of 2 nodes of this chain are unreliable.'
  const reason = { code: 'endpoint-failing', status: 'degraded', chainId: 1, message } as const
  const detail = 'https://node.example does not answer'
  const { ask, get } = await testApi({
    health: async () => ({
      status: 'degraded',
      reasons: [{ ...reason, detail }],
      database: { up: true },
      chains: [],
    }),
  })
  const open = await ask('/health', { headers: { host } })
  expect([open.status, await open.json()]).toMatchObject([503, { status: 'degraded' }])
  expect((await (await ask('/health', { headers: { host } })).json()).reasons).toEqual([reason])
  expect((await (await get('/health')).json()).reasons).toEqual([{ ...reason, detail }])
  const wrong = await get('/health', { authorization: 'Bearer of-another-house-0123456789' })
  expect(wrong.status).toBe(401)
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
  const response = await ask('/docs', { headers: { host } })
  const html = await response.text()
  for (const path of PATHS) expect(html).toContain(path.replace(/(inc|run|plan)-1/, '{id}'))
  expect(html).not.toMatch(/<script|src=|https?:|@import|url\(| on\w+=/)
  const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  expect(response.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`)
})
