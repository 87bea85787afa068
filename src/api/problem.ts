import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { CordonError, messageOf } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import type { Logger } from '../kit/logger.ts'
import type { Problem } from '../model/problem.ts'

const statuses: Readonly<Record<string, ContentfulStatusCode>> = {
  'api.InvalidRequest': 400,
  'reports.AudienceTooWide': 400,
  'api.Unauthorized': 401,
  'api.ForeignHost': 403,
  'api.NotFound': 404,
  'api.MethodNotAllowed': 405,
  'api.BodyTooLarge': 413,
  'api.TooManyStreams': 503,
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** Any thrown error as an HTTP answer. An unexpected error reveals nothing internal; the log has it. */
export function problemResponse(thrown: unknown, c: Context, logger: Logger): Response {
  const error = errorOf(thrown)
  const status = statusOf(error)
  const path = c.req.path
  if (status === 500) logger.error({ path, ...reasonOf(thrown) }, 'A request failed')
  const problem: Problem = {
    type: `urn:cordon:error:${error.code}`,
    title: titles[status] ?? 'Error',
    status,
    detail: error.summary,
    instance: path,
    code: error.code,
    facts: error.facts,
    fix: error.fix,
    docs: error.docsPath,
  }
  // A new response: headers of an answer in progress do not belong to this one.
  return new Response(toJson(problem), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headersFor(error, status) },
  })
}

/** Hono itself refuses a body that is not JSON, by its content type or by its text. */
function errorOf(thrown: unknown): CordonError {
  if (thrown instanceof CordonError) return thrown
  if (thrown instanceof HTTPException && thrown.status < 500)
    return invalidRequest([{ in: 'json', field: '', reason: 'the body must be JSON, as application/json' }])
  return unexpected()
}

function statusOf({ code, retryable }: CordonError): ContentfulStatusCode {
  return statuses[code] ?? (/\.Unknown[A-Z]/.test(code) ? 404 : retryable ? 503 : 500)
}

function headersFor({ facts }: CordonError, status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer realm="cordon"' }
  if (status === 405) return { allow: String(facts['allow']) }
  return status === 503 ? { 'retry-after': '5' } : {}
}

function reasonOf(thrown: unknown): Record<string, unknown> {
  const stack = thrown instanceof Error ? thrown.stack?.split('\n').slice(1, 6) : undefined
  return { reason: messageOf(thrown), stack }
}

function unexpected(): CordonError {
  return new CordonError({
    code: 'api.Unexpected',
    message: 'The API failed with an error that Cordon does not expect.',
    fix: 'Read Cordon’s log (stderr), and report the bug with those lines.',
  })
}

export function unauthorized(): CordonError {
  return new CordonError({
    code: 'api.Unauthorized',
    message: 'The token is missing or wrong.',
    fix: 'Send `Authorization: Bearer …` with the token that `cordon start` printed (or CORDON_API_TOKEN).',
  })
}

export function foreignHost(port: number): CordonError {
  return new CordonError({
    code: 'api.ForeignHost',
    message: 'The Host header does not name this API.',
    facts: { allowed: [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`] },
    fix: `Use http://127.0.0.1:${port}; if you use a proxy, set that Host in it.`,
  })
}

export function notFound(): CordonError {
  return new CordonError({
    code: 'api.NotFound',
    message: 'There is nothing at this path.',
    fix: 'See /docs for the paths.',
  })
}

export function methodNotAllowed(allow: string): CordonError {
  return new CordonError({
    code: 'api.MethodNotAllowed',
    message: 'This path does not accept this method.',
    facts: { allow },
    fix: `Use ${allow}.`,
  })
}

export function bodyTooLarge(maxBytes: number): CordonError {
  return new CordonError({
    code: 'api.BodyTooLarge',
    message: 'The body of the request is too large.',
    facts: { maxBytes },
    fix: 'Send a smaller body: the API reads only signed approvals.',
  })
}

export function tooManyStreams(maxClients: number): CordonError {
  return new CordonError({
    code: 'api.TooManyStreams',
    message: 'Too many clients read the stream, or Cordon is stopping.',
    facts: { maxClients },
    fix: 'Close streams that nobody reads and try again.',
    retryable: true,
  })
}

export type InvalidField = { in: string; field: string; reason: string }

export function invalidRequest(fields: readonly InvalidField[]): CordonError {
  return new CordonError({
    code: 'api.InvalidRequest',
    message: 'The request is not valid.',
    facts: { fields },
    fix: 'Correct these fields; /docs and /openapi.json list the valid values.',
  })
}
