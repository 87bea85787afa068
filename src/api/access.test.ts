import { expect, test } from 'vitest'
import { aChainHealth, HOST, PATHS, PORT, problemOf, TOKEN, testApi } from '../../test/harness/api.ts'

test.each(PATHS)('%s without a token, or with a wrong one, is 401', async (path) => {
  const { ask, feed } = await testApi()
  const wrong = [
    {},
    { authorization: 'Bearer wrong' },
    { authorization: TOKEN },
    { authorization: 'Bearer ' },
  ]
  for (const headers of wrong) {
    const response = await ask(path, { headers: { host: HOST, ...headers } })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(await problemOf(response)).toMatchObject({ code: 'api.Unauthorized', status: 401, instance: path })
  }
  expect(feed.clients.size).toBe(0)
})

test('a path that does not exist does not say so without the token', async () => {
  const { ask, get } = await testApi()
  expect((await ask('/v1/nothing', { headers: { host: HOST } })).status).toBe(401)
  expect(await problemOf(await get('/v1/nothing'))).toMatchObject({ status: 404, code: 'api.NotFound' })
})

test('the token in the query opens the stream and nothing else', async () => {
  const { ask, feed } = await testApi()
  for (const path of PATHS.filter((path) => path !== '/v1/stream')) {
    expect((await ask(`${path}?token=${TOKEN}`, { headers: { host: HOST } })).status).toBe(401)
  }
  expect((await ask('/v1/stream?token=wrong', { headers: { host: HOST } })).status).toBe(401)
  const stream = await ask(`/v1/stream?token=${TOKEN}`, { headers: { host: HOST } })
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

test.each([HOST, `localhost:${PORT}`, `LOCALHOST:${PORT}`, `[::1]:${PORT}`])(
  'a request for Host %s is let pass',
  async (own) => {
    const { get } = await testApi()
    expect((await get('/v1/incidents', { host: own })).status).toBe(200)
  },
)

test('no answer lets another origin read it', async () => {
  const { get, ask } = await testApi()
  const headers = { host: HOST, origin: 'https://evil.example', 'access-control-request-method': 'GET' }
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
  const headers = { host: HOST, authorization: `Bearer ${TOKEN}` }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const response = await ask('/v1/incidents/inc-1', { method, headers })
    expect(response.headers.get('allow')).toBe('GET, HEAD')
    expect(await problemOf(response)).toMatchObject({ status: 405, code: 'api.MethodNotAllowed' })
  }
  const large = await ask('/v1/incidents', { method: 'POST', headers, body: 'x'.repeat(20_000) })
  expect(await problemOf(large)).toMatchObject({ status: 413, code: 'api.BodyTooLarge' })
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
    await ask(`/v1/stream?token=${TOKEN}x`, { headers: { host: HOST } }),
    await ask(`/v1/stream?token=${TOKEN}`, { headers: { host: HOST, 'last-event-id': 'x y' } }),
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
  const response = await ask('/health', { headers: { host: HOST } })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    status: 'ok',
    reasons: [],
    database: { up: true },
    chains: [aChainHealth()],
  })
})

test('health that is not ok is 503, and only who has the token reads the details', async () => {
  const message = '1 of 2 nodes of this chain cannot be relied on.'
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
  const open = await ask('/health', { headers: { host: HOST } })
  expect([open.status, await open.json()]).toMatchObject([503, { status: 'degraded' }])
  expect((await (await ask('/health', { headers: { host: HOST } })).json()).reasons).toEqual([reason])
  expect((await (await get('/health')).json()).reasons).toEqual([{ ...reason, detail }])
  const wrong = await get('/health', { authorization: 'Bearer of-another-house-0123456789' })
  expect(wrong.status).toBe(401)
})
