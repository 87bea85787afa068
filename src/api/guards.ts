import type { IncomingMessage } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { foreignHost, unauthorized } from './problem.ts'
import { sameToken } from './token.ts'

/**
 * Refuses requests that a browser was tricked into sending here by a name that now points to 127.0.0.1 (DNS
 * rebinding): such a request carries the foreign name in Host.
 */
export function hostGuard(port: number): MiddlewareHandler {
  const allowed = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`))
  return async (c, next) => {
    if (!allowed.has(c.req.header('host')?.toLowerCase() ?? '')) throw foreignHost(port)
    await next()
  }
}

/** The token data of a request: `query` is the `token` of its query. */
export type Claim = { path: string; authorization: string | undefined; query: string | undefined }

/** The token of a request; in the query only on `queryPath` (EventSource cannot send headers). */
export function givenToken({ path, authorization, query }: Claim, queryPath: string): string | undefined {
  const [, fromHeader] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  return fromHeader ?? (path === queryPath ? query : undefined)
}

/** Admits only requests with the token. */
export function tokenGuard(token: string, queryPath: string): MiddlewareHandler {
  return async (c, next) => {
    const given = givenToken(claimOf(c), queryPath)
    if (given === undefined || !sameToken(given, token)) throw unauthorized()
    await next()
  }
}

/** True if a request has the token, false if it has none. Throws `api.Unauthorized` for a wrong one. */
export function hasToken(token: string): (c: Context) => boolean {
  return (c) => {
    const given = givenToken(claimOf(c), '')
    if (given === undefined) return false
    if (!sameToken(given, token)) throw unauthorized()
    return true
  }
}

/** The same for a request in Node's form, before anything else reads it; a wrong token counts as none. */
export function showsToken(token: string, queryPath: string): (request: IncomingMessage) => boolean {
  return ({ url = '', headers: { authorization } }) => {
    const [path = '', query = ''] = url.split('?', 2)
    const claim = { path, authorization, query: new URLSearchParams(query).get('token') ?? undefined }
    const given = givenToken(claim, queryPath)
    return given !== undefined && sameToken(given, token)
  }
}

function claimOf({ req }: Context): Claim {
  return { path: req.path, authorization: req.header('authorization'), query: req.query('token') }
}
