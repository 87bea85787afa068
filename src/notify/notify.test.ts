import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { fakeClock } from '../kit/clock.ts'
import type { Channel, Notification } from '../model/notification.ts'
import { problemsOf } from '../model/registration.ts'
import { consoleChannel } from './channels/console.ts'
import { keyOf, signWebhook, verifyWebhook } from './channels/webhook/webhook-signature.ts'
import { notifyRoles } from './deliver.ts'
import { channelKinds, openChannels } from './registry.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

function aNotification(changes: Partial<Notification> = {}): Notification {
  return {
    id: 'n-1',
    incidentId: 'inc-1',
    kind: 'page',
    roles: ['guardian'],
    recipients: [],
    severity: 'critical',
    title: 'Exploit in progress',
    body: 'Vault 0x01 loses funds.\nJoin now.',
    at: 1_700_000_000_000,
    facts: {},
    ...changes,
  }
}

function aChannel(id: string, deliver: Channel['deliver'] = async () => {}) {
  const got: Notification[] = []
  const channel: Channel = {
    id,
    deliver: async (notification) => {
      got.push(notification)
      await deliver(notification)
    },
  }
  return { channel, got }
}

test('the console has a line for a notification and an indented one for each line of its body', async () => {
  const lines: string[] = []
  const channel = consoleChannel({ id: 'terminal', write: (line) => lines.push(line) })
  await channel.deliver(aNotification({ recipients: ['Ada', 'Bo'] }))
  expect(lines).toEqual([
    'Exploit in progress (to Ada, Bo)\n',
    '    Vault 0x01 loses funds.\n',
    '    Join now.\n',
  ])
})

test('a token name cannot write escape sequences to the console, nor begin a line that looks like ours', async () => {
  const lines: string[] = []
  const channel = consoleChannel({ id: 'terminal', write: (line) => lines.push(line) })
  await channel.deliver(
    aNotification({ title: 'token \u001b[2J\u202eSAFE', body: 'a\r\nb\u0007', recipients: ['x\n'] }),
  )
  expect(lines).toEqual(['token ·[2J·SAFE (to x·)\n', '    a·\n', '    b·\n'])
})

test('each channel is used once, with everybody who is on it', async () => {
  const [chat, mail] = [aChannel('chat'), aChannel('mail')]
  const results = await notifyRoles({
    roles: {
      guardian: [
        { name: 'Ada', channels: ['chat', 'mail'] },
        { name: 'Bo', channels: ['chat'] },
      ],
      operations: [{ name: 'Ada', channels: ['chat'] }],
    },
    channels: [chat.channel, mail.channel],
    notification: aNotification({ roles: ['guardian', 'operations'] }),
  })
  expect(chat.got.map(({ recipients }) => recipients)).toEqual([['Ada', 'Bo']])
  expect(mail.got.map(({ recipients }) => recipients)).toEqual([['Ada']])
  expect(results.map(({ outcome, role, person, channel }) => [outcome, role, person, channel])).toEqual([
    ['delivered', 'guardian', 'Ada', 'chat'],
    ['delivered', 'guardian', 'Bo', 'chat'],
    ['delivered', 'operations', 'Ada', 'chat'],
    ['delivered', 'guardian', 'Ada', 'mail'],
  ])
})

test('a channel that fails does not keep the others from being used, and says why', async () => {
  const broken = aChannel('broken', () => Promise.reject(new Error('no route')))
  const fine = aChannel('fine')
  const results = await notifyRoles({
    roles: { guardian: [{ name: 'Ada', channels: ['broken', 'fine'] }] },
    channels: [broken.channel, fine.channel],
    notification: aNotification(),
  })
  expect(results).toMatchObject([
    { outcome: 'failed', channel: 'broken', error: { code: 'notify.DeliveryFailed', message: 'no route' } },
    { outcome: 'delivered', channel: 'fine' },
  ])
})

test('a role with nobody, a person without channel and an unknown channel are all said', async () => {
  const results = await notifyRoles({
    roles: {
      guardian: [
        { name: 'Ada', channels: [] },
        { name: 'Bo', channels: ['pager'] },
      ],
    },
    channels: [],
    notification: aNotification({ roles: ['guardian', 'auditor'] }),
  })
  expect(results.map((result) => ('error' in result ? result.error.message : result.outcome))).toEqual([
    'Ada has no channel.',
    'Nobody has the role auditor.',
    'There is no channel pager.',
  ])
  expect(results.every(({ outcome }) => outcome === 'unreachable')).toBe(true)
})

test('what reaches a channel is printable, facts included', async () => {
  const { channel, got } = aChannel('chat')
  await notifyRoles({
    roles: { guardian: [{ name: 'Ada', channels: ['chat'] }] },
    channels: [channel],
    notification: aNotification({ body: 'a\nb\u001b', facts: { token: ['\u202eevil'], wei: 1n } }),
  })
  expect(got[0]).toMatchObject({ body: 'a\nb·', facts: { token: ['·evil'], wei: 1n } })
})

test('the signature is the one of Standard Webhooks', () => {
  const content = { id: 'msg_1', timestamp: 1_700_000_000, body: '{"a":1}' }
  const mac = createHmac('sha256', Buffer.alloc(32, 7)).update('msg_1.1700000000.{"a":1}').digest('base64')
  expect(signWebhook(secret, content)).toBe(`v1,${mac}`)
})

test.each<[string, Record<string, string>, number, string]>([
  ['another body', {}, 0, 'no signature fits'],
  ['a missing header', { 'webhook-id': '' }, 0, 'a webhook header is missing'],
  ['another id', { 'webhook-id': 'n-2' }, 0, 'no signature fits'],
  ['a time that is no number', { 'webhook-timestamp': '1e9' }, 0, 'the timestamp is not a number of seconds'],
  ['a request of six minutes ago', {}, 360_000, 'the timestamp is more than five minutes off'],
  ['a request from the future', {}, -360_000, 'the timestamp is more than five minutes off'],
])('%s is refused', (what, changes, late, reason) => {
  const now = 1_700_000_000_000
  const body = '{}'
  const headers: Record<string, string> = {
    'webhook-id': 'n-1',
    'webhook-timestamp': String(now / 1_000),
    'webhook-signature': signWebhook(secret, { id: 'n-1', timestamp: now / 1_000, body }),
    ...changes,
  }
  const received = what === 'another body' ? '{ }' : body
  const header = (name: string) => headers[name]
  expect(verifyWebhook(secret, { header, body: received, now: now + late })).toEqual({ ok: false, reason })
})

test('a request signed with the old and the new secret is taken', () => {
  const content = { id: 'n-1', timestamp: 1_700_000_000, body: '{}' }
  const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
  const headers: Record<string, string> = {
    'webhook-id': 'n-1',
    'webhook-timestamp': '1700000000',
    'webhook-signature': `${signWebhook(other, content)} ${signWebhook(secret, content)}`,
  }
  const verdict = verifyWebhook(secret, {
    header: (name) => headers[name],
    body: '{}',
    now: 1_700_000_000_000,
  })
  expect(verdict).toEqual({ ok: true })
})

test.each(['', 'hunter2', 'whsec_c2hvcnQ=', 'whsec_%%%'])(
  'the secret %s is refused without being said',
  (bad) => {
    try {
      keyOf(bad)
      expect.unreachable()
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'notify.BadSecret' })
      if (bad) expect(String(thrown)).not.toContain(bad)
    }
  },
)

test('channels are opened as the configuration names them; their secrets come from the environment', () => {
  const webhook = { kind: 'webhook', url: 'https://example.org/hook', secretEnv: 'HOOK' }
  const sources = {
    config: { channels: { ops: webhook, terminal: { kind: 'console' } } },
    clock: fakeClock(),
  }
  const channels = openChannels({ ...sources, env: { HOOK: secret }, write: () => {} })
  expect([...channels.keys()]).toEqual(['ops', 'terminal'])
  expect(() => openChannels({ ...sources, env: {}, write: () => {} })).toThrow('HOOK is not set')
})

test('options that a kind does not take are problems with their path, and so is a kind that nobody knows', () => {
  const file = { kind: 'webhook', url: 'file:///etc/passwd', secretEnv: 'HOOK' }
  expect(problemsOf(channelKinds, file)).toEqual([{ path: ['url'], message: 'expected an http(s) URL' }])
  expect(problemsOf(channelKinds, { kind: 'pigeon' })).toEqual([
    { path: ['kind'], message: 'there is no kind “pigeon”; known are console, webhook' },
  ])
})
