import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { fakeClock } from '../../../kit/clock.ts'
import type { Notification } from '../../../model/notification.ts'
import { webhookChannel } from './webhook.ts'
import { verifyWebhook } from './webhook-signature.ts'

const NOW = 1_700_000_000_000
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const notification: Notification = {
  id: 'n-1',
  incidentId: 'inc-1',
  kind: 'page',
  roles: ['guardian'],
  recipients: ['Ada'],
  severity: 'critical',
  title: 'Exploit \u202ein progress',
  body: '',
  at: NOW,
  facts: { loss: 10n ** 24n },
}

type Received = { headers: Record<string, string | string[] | undefined>; body: string }

let server: Server
let url: string
/** The receiver's answers, in order; `hang` never answers. Then 204. */
let answers: (number | 'hang' | 'drop')[] = []
let received: Received[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (data) => {
      body += String(data)
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      const answer = answers.shift() ?? 204
      if (answer === 'drop') request.socket.destroy()
      else if (answer !== 'hang') {
        response.writeHead(answer, answer === 302 ? { location: '/elsewhere' } : {}).end()
      }
    })
  })
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=verysecretkey`
})
beforeEach(() => {
  answers = []
  received = []
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function aWebhook(clock = fakeClock(NOW)) {
  return webhookChannel({ id: 'ops', url, secret, clock, timeoutMs: 250 })
}

test('a receiver can verify what it gets', async () => {
  await aWebhook().deliver(notification)
  const [request] = received
  const header = (name: string) => String(request?.headers[name] ?? '')
  const body = request?.body ?? ''
  expect(verifyWebhook(secret, { header, body, now: NOW + 60_000 })).toEqual({ ok: true })
  expect(verifyWebhook(secret, { header, body: `${body} `, now: NOW })).toMatchObject({ ok: false })
  expect(JSON.parse(body)).toMatchObject({
    type: 'cordon.page',
    timestamp: '2023-11-14T22:13:20.000Z',
    data: { id: 'n-1', title: 'Exploit ·in progress', facts: { loss: '1000000000000000000000000' } },
  })
})

test('a receiver that is down for a moment gets it later, under the same id, with backoff', async () => {
  answers = [500, 429, 'drop']
  const clock = fakeClock(NOW)
  await aWebhook(clock).deliver(notification)
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['n-1', 'n-1', 'n-1', 'n-1'])
  expect(clock.now() - NOW).toBe(500 + 1_000 + 2_000)
})

test.each([400, 401, 404, 410, 302])('an answer of %i is final', async (status) => {
  answers = [status]
  await expect(aWebhook().deliver(notification)).rejects.toMatchObject({
    code: 'notify.DeliveryFailed',
    retryable: false,
    facts: { status },
  })
  expect(received).toHaveLength(1)
})

test('a receiver that never answers is given up in time', async () => {
  answers = ['hang', 'hang', 'hang', 'hang']
  await expect(aWebhook().deliver(notification)).rejects.toMatchObject({ retryable: true })
  expect(received).toHaveLength(4)
})

test('the failure says what to do and hides the key in the URL', async () => {
  answers = [410]
  const failure = await aWebhook()
    .deliver(notification)
    .catch((thrown: unknown) => String(thrown).replace(/:\d+\//, ':<port>/'))
  expect(failure).toMatchInlineSnapshot(`
    "notify.DeliveryFailed: The webhook ops answered 410.
      channel: ops
      url: http://127.0.0.1:<port>/[redacted]
      status: 410
    Fix: The receiver is gone for good: remove this channel, or give its new URL."
  `)
})
