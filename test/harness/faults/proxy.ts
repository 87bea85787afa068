import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { z } from 'zod'

/** One JSON-RPC call as it arrives. */
export type Call = { method: string; params: readonly unknown[] }

/** The proxy's answer in place of the node's. `stream` is written as it is, so that an answer can have any size. */
export type Reply =
  | { kind: 'result'; value: unknown }
  | { kind: 'refused'; code: number; message: string }
  | { kind: 'body'; status: number; type: string; body: string }
  | { kind: 'stream'; chunks: Iterable<string> }
  | { kind: 'cut' }

/** The node behind the proxy. */
export type Forward = (call: Call) => Promise<Extract<Reply, { kind: 'result' | 'refused' }>>

/** Answers a call in place of the node. */
export type Fault = (call: Call, forward: Forward) => Promise<Reply>

export type FaultProxy = {
  /** Over HTTP. */
  url: string
  wsUrl: string
  /** The treatment of calls from now on; null is the truth. */
  use(fault: Fault | null): void
  /** From now on refuses new connections and closes existing ones. */
  goAway(): void
  comeBack(): void
  /** Ends every WebSocket connection. */
  dropSockets(): void
  stop(): Promise<void>
}

const callSchema = z.object({
  id: z.unknown(),
  method: z.string(),
  params: z.array(z.unknown()).default([]),
})
const answerSchema = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
})

/** A node with faults: JSON-RPC over HTTP call by call, and WebSocket as a plain tunnel, on 127.0.0.1. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let fault: Fault | null = null
  let isAway = false
  const sockets = new Set<Duplex>()
  const connections = new Set<Socket>()
  const forward = forwardTo(target)
  const server = createServer((request, response) => {
    answer(request, response, { fault, forward }).catch(() => response.destroy())
  })
  server.on('connection', (socket) => {
    if (isAway) return void socket.destroy()
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  server.on('upgrade', (request, socket, head) => tunnel({ request, socket, head, target }, sockets))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const dropSockets = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const dropAll = (): void => {
    dropSockets()
    for (const socket of connections) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    use: (next) => {
      fault = next
    },
    goAway() {
      isAway = true
      dropAll()
    },
    comeBack() {
      isAway = false
    },
    dropSockets,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      dropAll()
      await closed
    },
  }
}

/** A node behind an HTTP URL. */
export function forwardTo(url: string): Forward {
  return async ({ method, params }) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const { result, error } = answerSchema.parse(await response.json())
    return error === undefined ? { kind: 'result', value: result ?? null } : { kind: 'refused', ...error }
  }
}

type Answering = { fault: Fault | null; forward: Forward }

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { fault, forward }: Answering,
): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const { id, ...call } = callSchema.parse(JSON.parse(body))
  const reply = await (fault === null ? forward(call) : fault(call, forward))
  switch (reply.kind) {
    case 'cut':
      return void response.destroy()
    case 'body':
      response.writeHead(reply.status, { 'content-type': reply.type })
      return void response.end(reply.body)
    case 'stream':
      return stream(response, reply.chunks)
    case 'refused':
      return json(response, { id, error: { code: reply.code, message: reply.message } })
    case 'result':
      return json(response, { id, result: reply.value })
  }
}

function json(response: ServerResponse, body: Record<string, unknown>): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', ...body }))
}

async function stream(response: ServerResponse, chunks: Iterable<string>): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' })
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  for (const chunk of chunks) {
    if (response.destroyed) return
    if (response.write(chunk)) continue
    await Promise.race([new Promise<void>((resolve) => response.once('drain', resolve)), closed])
  }
  response.end()
}

type Upgrade = { request: IncomingMessage; socket: Duplex; head: Buffer; target: string }

function tunnel({ request, socket, head, target }: Upgrade, sockets: Set<Duplex>): void {
  const { hostname, port } = new URL(target)
  const node = connect(Number(port), hostname)
  const headers = request.rawHeaders.reduce(
    (text, part, i) => text + (i % 2 === 0 ? `${part}: ` : `${part}\r\n`),
    '',
  )
  node.write(`GET ${request.url ?? '/'} HTTP/1.1\r\n${headers}\r\n`)
  node.write(head)
  node.pipe(socket).pipe(node)
  sockets.add(socket)
  const end = (): void => {
    sockets.delete(socket)
    socket.destroy()
    node.destroy()
  }
  for (const side of [socket, node]) side.on('error', end).on('close', end)
}
