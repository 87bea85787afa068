import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Connections that have shown no token after their initial moment. */
const MOST_STRANGERS = 128
/**
 * All connections without a token, newcomers included, so that file descriptors for the database and the nodes remain.
 */
const MOST_NEWCOMERS = 2_048
/** The initial moment, milliseconds: many may arrive together, before a byte of any of them is read. */
const MOMENT_MS = 250
/** Milliseconds in which a connection must show its request. */
const PATIENCE_MS = 5_000
/** Interval at which the server checks for late headers and bodies. */
const CHECK_EVERY_MS = 1_000

/** For `createServer`: budgets for one request. By default Node checks for late ones only every 30 s. */
export const REQUEST_BUDGETS = {
  headersTimeout: PATIENCE_MS,
  requestTimeout: 15_000,
  connectionsCheckingInterval: CHECK_EVERY_MS,
  maxHeaderSize: 8 * 1024,
} as const

/**
 * Keeps slow connections without a token from locking out those with one. A connection that has shown the token keeps
 * its place permanently. The others share a small number of places and are closed after one answer; if all places are
 * taken the oldest is closed, and a newcomer has the moment that it needs to show its token.
 */
export function guardConnections(server: Server, hasToken: (request: IncomingMessage) => boolean): void {
  // The arrival times, in order.
  const strangers = new Map<Socket, number>()
  server.on('connection', (socket: Socket) => {
    strangers.set(socket, performance.now())
    socket.once('close', () => strangers.delete(socket))
    makeRoom(strangers)
  })
  // Before the listener that answers.
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (hasToken(request)) strangers.delete(request.socket)
    else oneAnswer(request, response)
  })
}

function makeRoom(strangers: Map<Socket, number>): void {
  const now = performance.now()
  for (const [socket, since] of strangers) {
    const most = now - since > MOMENT_MS ? MOST_STRANGERS : MOST_NEWCOMERS
    if (strangers.size <= most) return
    strangers.delete(socket)
    socket.destroy()
  }
}

/** A stranger's connection ends with its answer, or earlier if it does not read it. */
function oneAnswer({ socket }: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
}
