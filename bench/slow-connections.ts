import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { startServer } from '../src/api/server.ts'
import { silentLogger } from '../src/kit/logger.ts'
import { fakeSources, TOKEN } from '../test/harness/api.ts'

/**
 * The wait of a client with the token for the API while strangers hold connections open and send one byte every 100 ms.
 * The strangers are in a separate process (`node slow-connections.js crowd PORT COUNT`).
 */
const COUNTS = [0, 512, 1_000, 2_000]
const REQUESTS = 100
const SLOW =
  'GET /v1/incidents HTTP/1.1\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'

const [role, ...given] = process.argv.slice(2)
if (role === 'crowd') crowd(Number(given[0]), Number(given[1]))
else await measure()

async function measure(): Promise<void> {
  const options = { sources: fakeSources(), token: TOKEN, port: 0, logger: silentLogger }
  const server = await startServer(options)
  const port = new URL(server.url).port
  for (const count of COUNTS) {
    const program = process.argv[1] ?? ''
    const child = spawn(process.execPath, [program, 'crowd', port, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((settle) => child.stdout.once('data', settle))
    const waits = await waitsFor(server.url)
    child.kill()
    const at = (share: number): string =>
      `${(waits[Math.floor(share * (waits.length - 1))] ?? 0).toFixed(1)} ms`
    process.stdout.write(`${count} slow connections: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}\n`)
  }
  await server.stop()
}

/** Milliseconds of each request, each on its own connection, shortest first. */
async function waitsFor(url: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${TOKEN}`, connection: 'close' }
  const waits: number[] = []
  for (let n = 0; n < REQUESTS; n++) {
    const began = performance.now()
    const isAnswered = await fetch(`${url}/v1/incidents`, {
      headers,
      signal: AbortSignal.timeout(30_000),
    }).then(
      async (response) => (await response.text()) !== '' && response.ok,
      () => false,
    )
    waits.push(isAnswered ? performance.now() - began : Number.POSITIVE_INFINITY)
  }
  return waits.sort((a, b) => a - b)
}

/** Holds `count` connections open; a closed one is opened again. */
function crowd(port: number, count: number): void {
  const sockets = new Map<Socket, number>()
  const add = (): void => {
    const socket = connect(port, '127.0.0.1')
    sockets.set(socket, 0)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  setInterval(() => {
    while (sockets.size < count) add()
    for (const [socket, sent] of sockets) {
      if (socket.writable) socket.write(SLOW[sent % SLOW.length] ?? ' ')
      sockets.set(socket, sent + 1)
    }
  }, 100)
  setTimeout(() => process.stdout.write('ready\n'), 1_000)
}
