import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { fakeSources, keepingLogger, readEvents, TOKEN } from '../../test/harness/api.ts'
import { aFinding } from '../../test/harness/builders.ts'
import { silentLogger } from '../kit/logger.ts'
import type { StreamLimits } from './feed.ts'
import type { ApiServer } from './server.ts'
import { portTaken, startServer } from './server.ts'

const authorization = `Bearer ${TOKEN}`
const open: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const { stop } of open.splice(0)) await stop()
})

async function served(limits: Partial<StreamLimits> = {}, port = 0) {
  const sources = fakeSources()
  const server = await startServer({ sources, token: TOKEN, port, logger: silentLogger, limits })
  open.push(server)
  return { ...server, sources, port: Number(new URL(server.url).port) }
}

/** Takes a port, so that nobody else can. */
async function occupy(port: number): Promise<number> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await Promise.race([once(server, 'listening'), once(server, 'error')])
  open.push({ stop: async () => void server.close() })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function rawStream(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  const lines = ['GET /v1/stream HTTP/1.1', `Host: 127.0.0.1:${port}`, `Authorization: ${authorization}`]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  socket.on('error', () => {})
  return socket
}

test('it listens on 127.0.0.1 and nowhere else', async () => {
  const { url, port } = await served()
  expect(url).toBe(`http://127.0.0.1:${port}`)
  expect((await fetch(`${url}/health`)).status).toBe(200)
  for (const elsewhere of ['127.0.0.2', '::1']) {
    const socket = connect(port, elsewhere)
    await expect(once(socket, 'connect')).rejects.toThrow()
  }
})

test('a configured port that is taken is an error; the default one is replaced', async () => {
  const port = await occupy(0)
  const taken = startServer({ sources: fakeSources(), token: TOKEN, port, logger: silentLogger })
  await expect(taken).rejects.toMatchObject({ code: 'api.PortTaken', facts: { port, because: 'EADDRINUSE' } })
  // Taken by us, or by another Cordon of this machine: taken it is.
  await occupy(4480).catch(() => undefined)
  const server = await served({}, 4480)
  expect(server.port).not.toBe(4480)
  expect((await fetch(`${server.url}/health`)).status).toBe(200)
})

test('a server that could not start lets go of its sources', async () => {
  const port = await occupy(0)
  const sources = fakeSources()
  await startServer({ sources, token: TOKEN, port, logger: silentLogger }).catch(() => {})
  expect(sources.listeners.size).toBe(0)
})

test('a taken port reads so', () => {
  expect(portTaken(8080, 'EADDRINUSE', undefined).message).toMatchInlineSnapshot(`
    "The API cannot listen on 127.0.0.1:8080.
      port: 8080
      because: EADDRINUSE
    Fix: Stop the program that uses the port (it may be another Cordon), or set api.port in cordon.config.ts to a free port, 1024 or greater; 0 takes any."
  `)
})

test('a foreign Host is refused on the wire too', async () => {
  const { port } = await served()
  const statusFor = async (host: string, path = '/v1/incidents'): Promise<number | undefined> => {
    const asked = request({ port, path, headers: { host, authorization } })
    asked.end()
    const [answer] = await once(asked, 'response')
    answer.resume()
    return answer.statusCode
  }
  expect(await statusFor(`localhost:${port}`)).toBe(200)
  for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1:${port}@evil.example`]) {
    expect([400, 403]).toContain(await statusFor(host))
  }
  // The absolute form names a host of its own.
  expect(await statusFor('evil.example', `http://127.0.0.1:${port}/v1/incidents`)).not.toBe(200)
})

test('a request without a body or without its length is refused as what it is, never as a failure of ours', async () => {
  const { port } = await served()
  const statusOf = async (method: string, path: string, more: string[], body = ''): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Authorization: ${authorization}`]
    socket.end(`${[...lines, 'Connection: close', ...more].join('\r\n')}\r\n\r\n${body}`)
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    return text.split(' ')[1] ?? ''
  }
  const json = 'Content-Type: application/json'
  const chunked = 'Transfer-Encoding: chunked'
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
    expect(await statusOf(method, '/v1/incidents', []), method).toBe('405')
    expect(await statusOf(method, '/v1/incidents', [chunked], '0\r\n\r\n'), method).toBe('405')
    expect(await statusOf(method, '/nowhere', [json]), method).toBe('404')
  }
  expect(await statusOf('POST', '/v1/plans/plan-1/approvals', [])).toBe('400')
  expect(await statusOf('POST', '/v1/plans/plan-1/approvals', [json])).toBe('400')
  expect(await statusOf('POST', '/v1/plans/plan-1/approvals', [json, chunked], '0\r\n\r\n')).toBe('400')
  const large = `5000\r\n${'x'.repeat(0x5000)}\r\n0\r\n\r\n`
  expect(await statusOf('POST', '/v1/plans/plan-1/approvals', [json, chunked], large)).toBe('413')
})

test('a reader gets events as they happen, and stop says goodbye within a second', async () => {
  const server = await served()
  const response = await fetch(`${server.url}/v1/stream`, { headers: { authorization } })
  const events = readEvents(response)
  await events.next(1)
  server.sources.tell(aFinding())
  expect(await events.next(1)).toMatchObject([{ event: 'finding' }])
  const began = performance.now()
  const stopped = server.stop()
  expect(await events.until('stopping')).toMatchObject([{ event: 'stopping' }])
  await stopped
  expect(performance.now() - began).toBeLessThan(1_000)
  await expect(fetch(`${server.url}/health`)).rejects.toThrow()
})

test('stop does not wait for a reader who does not read', async () => {
  const server = await served()
  const socket = rawStream(server.port)
  await once(socket, 'data')
  socket.pause()
  const large = aFinding({ message: 'x'.repeat(100_000) })
  for (let n = 0; n < 60; n++) server.sources.tell(large)
  const began = performance.now()
  await server.stop()
  expect(performance.now() - began).toBeLessThan(1_000)
  socket.destroy()
})

test('a reader who does not read is cut off, and memory stays bounded', async () => {
  const server = await served({ maxBytes: 1_000_000, graceMs: 50 })
  const socket = rawStream(server.port)
  await once(socket, 'data')
  socket.pause()
  const large = aFinding({ message: 'x'.repeat(100_000) })
  const closed = once(socket, 'close')
  for (let n = 0; n < 200; n++) {
    server.sources.tell(large)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setTimeout(resolve, 150))
  socket.resume()
  await closed
})

test('a reader who goes away leaves its place, and nothing is printed', async () => {
  const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'info'), vi.spyOn(console, 'log')]
  const server = await served({ maxClients: 1 })
  for (let n = 0; n < 5; n++) {
    const socket = rawStream(server.port)
    const [head] = await once(socket, 'data')
    expect(String(head)).toMatch(/^HTTP\/1.1 200/)
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  for (const spy of printed) expect(spy).not.toHaveBeenCalled()
  vi.restoreAllMocks()
})

test('a request that fails in the middle is logged by us alone', async () => {
  const printed = vi.spyOn(console, 'error')
  const logger = keepingLogger()
  const sources = fakeSources({
    report: async () => {
      throw new Error('broken')
    },
  })
  const server: ApiServer = await startServer({ sources, token: TOKEN, port: 0, logger })
  open.push(server)
  const response = await fetch(`${server.url}/v1/incidents/inc-1/report`, { headers: { authorization } })
  expect(await response.json()).toMatchObject({ status: 500, code: 'api.Unexpected' })
  expect(logger.lines).toHaveLength(1)
  expect(printed).not.toHaveBeenCalled()
  vi.restoreAllMocks()
})
