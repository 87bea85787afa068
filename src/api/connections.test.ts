import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { fakeSources, readEvents, TOKEN } from '../../test/harness/api.ts'
import { aFinding } from '../../test/harness/builders.ts'
import { silentLogger } from '../kit/logger.ts'
import { startServer } from './server.ts'

const authorization = `Bearer ${TOKEN}`
const MANY = 600
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function served() {
  const sources = fakeSources()
  const server = await startServer({ sources, token: TOKEN, port: 0, logger: silentLogger })
  closers.push(server.stop)
  return { ...server, sources, port: Number(new URL(server.url).port) }
}

/** Connections that send `text` a byte at a time, for as long as they may; one that is closed is opened again. Gives how many came. */
function slowly(port: number, text: string): () => number {
  const sockets = new Set<Socket>()
  let came = 0
  const sent = new Map<Socket, number>()
  const add = (): void => {
    const socket = connect(port, '127.0.0.1')
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('connect', () => came++)
    socket.once('close', () => {
      sockets.delete(socket)
      sent.delete(socket)
    })
  }
  for (let n = 0; n < MANY; n++) add()
  const drip = setInterval(() => {
    for (const socket of sockets) {
      const at = sent.get(socket) ?? 0
      if (socket.writable) socket.write(text[at % text.length] ?? ' ')
      sent.set(socket, at + 1)
    }
    while (sockets.size < MANY) add()
  }, 100)
  closers.push(() => {
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
  })
  return () => came
}

async function isAnswered(url: string): Promise<void> {
  for (let n = 0; n < 5; n++) {
    const began = performance.now()
    // a connection of its own each time
    const headers = { authorization, connection: 'close' }
    const response = await fetch(`${url}/v1/incidents`, { headers })
    expect(response.status).toBe(200)
    await response.json()
    expect(performance.now() - began).toBeLessThan(1_000)
  }
}

const slow = {
  'headers that never end':
    'GET /health HTTP/1.1\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  'bodies that never end':
    'POST /v1/approvals HTTP/1.1\r\nHost: x\r\nContent-Length: 16000\r\n\r\n{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
}

test.each(Object.entries(slow))(
  '600 slow connections with %s lock out nobody who has the token',
  async (_kind, text) => {
    const { url, port } = await served()
    const crowd = slowly(port, text)
    await expect.poll(crowd, { timeout: 20_000 }).toBeGreaterThan(512)
    await isAnswered(url)
    // and health, which is open, is answered too
    expect((await fetch(`${url}/health`)).status).toBe(200)
    await isAnswered(url)
  },
)

test('a stream with the token goes on while others crowd in', async () => {
  const { url, port, sources } = await served()
  const events = readEvents(await fetch(`${url}/v1/stream`, { headers: { authorization } }))
  await events.next(1)
  const crowd = slowly(port, 'GET /v1/stream HTTP/1.1\r\nX-Long: aaaaaaaaaaaaaaaaaaaa')
  await expect.poll(crowd, { timeout: 20_000 }).toBeGreaterThan(512)
  await isAnswered(url)
  sources.tell(aFinding())
  expect(await events.next(1)).toMatchObject([{ event: 'finding' }])
  await events.cancel()
})

test('a stream with the token in its query goes on too', async () => {
  const { url, port, sources } = await served()
  const events = readEvents(await fetch(`${url}/v1/stream?token=${encodeURIComponent(TOKEN)}`))
  await events.next(1)
  const crowd = slowly(port, 'x')
  await expect.poll(crowd, { timeout: 20_000 }).toBeGreaterThan(512)
  sources.tell(aFinding())
  expect(await events.next(1)).toMatchObject([{ event: 'finding' }])
  await events.cancel()
})

test('a connection that says nothing is closed within seconds', async () => {
  const { port } = await served()
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  const began = performance.now()
  await once(socket, 'close')
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('without the token a connection is for one answer', async () => {
  const { port } = await served()
  const socket = connect(port, '127.0.0.1')
  const closed = once(socket, 'close')
  socket.write(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200[\s\S]*connection: close/i)
  await closed
})
