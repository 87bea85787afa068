import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

export type Front = { url: string; stop(): Promise<void> }

/**
 * A proxy in front of a node on 127.0.0.1 that passes on one request at a time, in order of arrival; it drops a request
 * whose client is gone. It never keeps the process alive.
 */
export async function oneAtATime(node: string): Promise<Front> {
  let last: Promise<unknown> = Promise.resolve()
  const server = createServer((request, response) => {
    const asked = text(request)
    last = Promise.allSettled([asked, last])
      .then(async () => passOn({ node, body: await asked }, response))
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  server.unref()
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function passOn(
  { node, body }: { node: string; body: string },
  response: ServerResponse,
): Promise<void> {
  if (response.destroyed) return
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(node, { method: 'POST', headers, body, signal: gone.signal })
  response.writeHead(answer.status, headers)
  response.end(Buffer.from(await answer.arrayBuffer()))
}
