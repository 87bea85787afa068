import type { MiddlewareHandler } from 'hono'
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

/** Lets pass only who knows the token; in the query only on `queryPath` (EventSource cannot send headers). */
export function tokenGuard(token: string, queryPath: string): MiddlewareHandler {
  return async (c, next) => {
    const [, fromHeader] = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '') ?? []
    const fromQuery = c.req.path === queryPath ? c.req.query('token') : undefined
    const given = fromHeader ?? fromQuery
    if (given === undefined || !sameToken(given, token)) throw unauthorized()
    await next()
  }
}
