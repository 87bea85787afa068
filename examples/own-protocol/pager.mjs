// Where pages arrive: a receiver of Standard Webhooks, in place of a real pager.
import { once } from 'node:events'
import { createServer } from 'node:http'

export async function startPager(onPage, port = 0) {
  const pages = []
  const known = new Set()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    response.writeHead(204).end()
    const id = request.headers['webhook-id']
    if (request.method !== 'POST' || known.has(id)) return
    known.add(id)
    const page = JSON.parse(body).data
    pages.push(page)
    onPage(page)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    pages,
    url: `http://127.0.0.1:${server.address().port}/`,
    async stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
