import { secureHeaders } from 'hono/secure-headers'
import type { Logger } from '../kit/logger.ts'
import { approvalRoutes } from './approval-routes.ts'
import { limitBody } from './body-limit.ts'
import { parseCursor } from './cursor.ts'
import { docsPage, styleSource } from './docs-page.ts'
import { openApiDocument, operationsOf } from './document.ts'
import type { Feed } from './feed.ts'
import { openStream } from './feed.ts'
import { hasToken, hostGuard, tokenGuard } from './guards.ts'
import { invalidRequest, methodNotAllowed, notFound, problemResponse, tooManyStreams } from './problem.ts'
import type { ApiBindings, Router } from './read-routes.ts'
import { createRouter, readRoutes } from './read-routes.ts'
import { streamRoute } from './routes.ts'
import { sharingRoutes } from './sharing-routes.ts'
import type { ApprovalSources, ReadSources, SharingSources } from './sources.ts'

export type ApiOptions = {
  sources: ReadSources & SharingSources & ApprovalSources
  feed: Feed
  token: string
  /** The port on which it listens: other Host headers are refused. */
  port: number
  logger: Logger
}

/** Answers one request; `bindings` are the connection's. */
export type Api = (request: Request, bindings?: ApiBindings) => Response | Promise<Response>

const MAX_BODY_BYTES = 16 * 1024

/**
 * The HTTP interface over the sources: reads the record, streams live events, accepts people's signatures. Everything
 * under /v1 needs the token.
 */
export function createApi({ sources, feed, token, port, logger }: ApiOptions): Api {
  const app = createRouter()
  app.onError((thrown, c) => problemResponse(thrown, c, logger))
  app.notFound((c) => problemResponse(notFound(), c, logger))
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: [styleSource],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
      xFrameOptions: 'DENY',
      // Plain HTTP on loopback: the header has no effect there.
      strictTransportSecurity: false,
    }),
  )
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })
  app.use(hostGuard(port))
  app.use('/v1/*', tokenGuard(token, streamRoute.path))
  app.use(limitBody(MAX_BODY_BYTES))
  app.route('/', readRoutes(sources, hasToken(token)))
  app.route('/', sharingRoutes(sources))
  app.route('/', approvalRoutes(sources))
  addStream(app, feed)
  addDocument(app)
  refuseOtherMethods(app)
  return (request, bindings = {}) => app.fetch(request, bindings)
}

function addStream(app: Router, feed: Feed): void {
  app.openapi(streamRoute, async (c) => {
    const headers = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }
    // HEAD arrives here as GET; its body would never be read and would hold a place indefinitely.
    if (c.req.method === 'HEAD') return c.body(null, 200, headers)
    const lastId = c.req.header('last-event-id')
    const from = lastId === undefined || lastId === '' ? undefined : parseCursor(lastId)
    if (lastId && from === undefined)
      throw invalidRequest([{ in: 'header', field: 'last-event-id', reason: 'not an id of this stream' }])
    const body = await openStream(feed, { from, abort: () => c.env.outgoing?.destroy() })
    if (body === undefined) throw tooManyStreams(feed.limits.maxClients)
    return c.body(body, 200, headers)
  })
}

function addDocument(app: Router): void {
  const document = openApiDocument(app)
  const page = docsPage(operationsOf(document))
  app.get('/openapi.json', (c) => c.json(document))
  app.get('/docs', (c) => c.html(page))
}

/** Hono answers 404 to a known path with another method; 405 lists the allowed ones. */
function refuseOtherMethods(app: Router): void {
  const allowed = new Map<string, string>()
  for (const { method, path } of app.routes) {
    if (method === 'GET') allowed.set(path, 'GET, HEAD')
    if (method === 'POST') allowed.set(path, 'POST')
  }
  for (const [path, methods] of allowed) {
    app.all(path, () => {
      throw methodNotAllowed(methods)
    })
  }
}
