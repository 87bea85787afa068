import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { CordonError } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import { createApi } from './api.ts'
import { guardConnections, REQUEST_BUDGETS } from './connections.ts'
import type { Feed, StreamLimits } from './feed.ts'
import { closeFeed, createFeed } from './feed.ts'
import { showsToken } from './guards.ts'
import { streamRoute } from './routes.ts'
import type { ApiSources } from './sources.ts'

const LOOPBACK = '127.0.0.1'
/** The default port of the API. */
const DEFAULT_PORT = 4480
const GOODBYE_MS = 500

export type ServerOptions = {
  sources: ApiSources
  token: string
  port: number
  logger: Logger
  limits?: Partial<StreamLimits>
}

export type ApiServer = {
  /** With the port that is finally used. */
  url: string
  /** Completes within about a second, with or without open streams. */
  stop(): Promise<void>
}

/**
 * Serves the API on 127.0.0.1, and nowhere else. Port 0 is any free one; if the default 4480 is taken, a free one is
 * used (`url` has it); any other that is taken throws `api.PortTaken`.
 */
export async function startServer(options: ServerOptions): Promise<ApiServer> {
  const feed = await createFeed(options)
  const server = createServer(REQUEST_BUDGETS)
  guardConnections(server, showsToken(options.token, streamRoute.path))
  try {
    const port = await listen(server, options.port)
    // No await from here to the handler: a request that arrived in between would wait indefinitely.
    const api = createApi({ ...options, feed, port })
    // The globals stay unchanged: other libraries of this process use them.
    server.on('request', getRequestListener(api, { overrideGlobalObjects: false }))
    return { url: `http://${LOOPBACK}:${port}`, stop: () => stop(server, feed) }
  } catch (thrown) {
    await closeFeed(feed, 0)
    throw thrown
  }
}

async function stop(server: Server, feed: Feed): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  await closeFeed(feed, GOODBYE_MS)
  const deadline = setTimeout(() => server.closeAllConnections(), GOODBYE_MS / 2)
  server.closeIdleConnections()
  await closed
  clearTimeout(deadline)
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    return await listenOn(server, port)
  } catch (thrown) {
    const because = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
    if (because === 'EADDRINUSE' && port === DEFAULT_PORT) return listenOn(server, 0)
    if (because === 'EADDRINUSE' || because === 'EACCES') throw portTaken(port, because, thrown)
    throw thrown
  }
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

export function portTaken(port: number, because: string, cause: unknown): CordonError {
  return new CordonError({
    code: 'api.PortTaken',
    message: `The API cannot listen on ${LOOPBACK}:${port}.`,
    facts: { port, because },
    fix: 'Stop the program that uses the port (it may be another Cordon), or set api.port in cordon.config.ts to a free port, 1024 or greater; 0 takes any.',
    cause,
  })
}
