import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { keepingLogger } from '../../test/harness/api.ts'
import { CordonError } from '../kit/error.ts'
import {
  bodyTooLarge,
  foreignHost,
  invalidRequest,
  methodNotAllowed,
  notFound,
  problemResponse,
  tooManyStreams,
  unauthorized,
} from './problem.ts'

async function answerTo(thrown: unknown): Promise<Response> {
  const app = new Hono().get('/x', (c) => problemResponse(thrown, c, keepingLogger()))
  return app.request('/x?token=secret')
}

test.each([
  [invalidRequest([]), 400],
  [unauthorized(), 401],
  [foreignHost(4480), 403],
  [notFound(), 404],
  [methodNotAllowed('GET'), 405],
  [bodyTooLarge(1), 413],
  [tooManyStreams(1), 503],
  [new CordonError({ code: 'incidents.UnknownIncident', message: 'No.', fix: 'Do.' }), 404],
  [new CordonError({ code: 'store.Unreachable', message: 'No.', fix: 'Do.', retryable: true }), 503],
  [new CordonError({ code: 'store.ForbiddenMove', message: 'No.', fix: 'Do.' }), 500],
  [new TypeError('undefined is not a function'), 500],
  ['a string', 500],
])('%s is %i, as a problem with code, fix and page', async (thrown, status) => {
  const response = await answerTo(thrown)
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const code = thrown instanceof CordonError ? thrown.code : 'api.Unexpected'
  expect(await response.json()).toMatchObject({
    type: `urn:cordon:error:${code}`,
    status,
    code,
    instance: '/x',
    fix: expect.stringMatching(/./),
    docs: `docs/errors/${code}.md`,
  })
})

test('a problem reads so', async () => {
  const facts = { url: 'https://rpc.example/key123', incidentId: 'inc-9' }
  const error = new CordonError({ code: 'incidents.UnknownIncident', message: 'No.', facts, fix: 'Do.' })
  expect(await (await answerTo(error)).json()).toMatchInlineSnapshot(`
    {
      "code": "incidents.UnknownIncident",
      "detail": "No.",
      "docs": "docs/errors/incidents.UnknownIncident.md",
      "facts": {
        "incidentId": "inc-9",
        "url": "https://rpc.example/[redacted]",
      },
      "fix": "Do.",
      "instance": "/x",
      "status": 404,
      "title": "Not Found",
      "type": "urn:cordon:error:incidents.UnknownIncident",
    }
  `)
})

test('the errors of this room say what to do', () => {
  const errors = [
    invalidRequest([{ in: 'query', field: 'limit', reason: 'expected a whole number' }]),
    unauthorized(),
    foreignHost(4480),
    notFound(),
    methodNotAllowed('GET, HEAD'),
    bodyTooLarge(16_384),
    tooManyStreams(64),
  ]
  expect(errors.map(({ code, message }) => `${code}: ${message}`).join('\n\n')).toMatchInlineSnapshot(`
    "api.InvalidRequest: The request is not valid.
      fields: [{"in":"query","field":"limit","reason":"expected a whole number"}]
    Fix: Correct these fields; /docs and /openapi.json list the valid values.

    api.Unauthorized: The token is missing or wrong.
    Fix: Send \`Authorization: Bearer …\` with the token that \`cordon start\` printed (or CORDON_API_TOKEN).

    api.ForeignHost: The Host header does not name this API.
      allowed: ["127.0.0.1:4480","localhost:4480","[::1]:4480"]
    Fix: Use http://127.0.0.1:4480; if you use a proxy, set that Host in it.

    api.NotFound: There is nothing at this path.
    Fix: See /docs for the paths.

    api.MethodNotAllowed: This path does not accept this method.
      allow: GET, HEAD
    Fix: Use GET, HEAD.

    api.BodyTooLarge: The body of the request is too large.
      maxBytes: 16384
    Fix: Send a smaller body: the API reads only signed approvals.

    api.TooManyStreams: Too many clients read the stream, or Cordon is stopping.
      maxClients: 64
    Fix: Close streams that nobody reads and try again."
  `)
})
