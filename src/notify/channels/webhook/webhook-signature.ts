import { createHmac, timingSafeEqual } from 'node:crypto'
import { CordonError } from '../../../kit/error.ts'

export type SignedContent = {
  id: string
  /** Seconds since the epoch. */
  timestamp: number
  body: string
}

export type WebhookVerdict = { ok: true } | { ok: false; reason: string }

const TOLERANCE_SECONDS = 300

/** The value of the header `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. */
export function signWebhook(secret: string, { id, timestamp, body }: SignedContent): string {
  const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
  return `v1,${mac}`
}

/**
 * Verifies a request from Cordon, for receivers: checks that it was signed with the shared secret, is not
 * older or newer than five minutes, and has all three headers. Also drop ids that were seen before.
 * `body` is the raw text, before any parsing. Throws `notify.BadSecret`.
 *
 * @example
 * const verdict = verifyWebhook(secret, { header: (name) => request.headers.get(name), body, now: Date.now() })
 */
export function verifyWebhook(
  secret: string,
  request: {
    header: (name: string) => string | null | undefined
    body: string
    /** Milliseconds since the epoch. */
    now: number
  },
): WebhookVerdict {
  const id = request.header('webhook-id')
  const stamp = request.header('webhook-timestamp')
  const signatures = request.header('webhook-signature')
  if (!id || !stamp || !signatures) return { ok: false, reason: 'a webhook header is missing' }
  if (!/^\d{1,12}$/.test(stamp)) return { ok: false, reason: 'the timestamp is not a number of seconds' }
  const timestamp = Number(stamp)
  const age = Math.abs(request.now / 1_000 - timestamp)
  if (age > TOLERANCE_SECONDS) return { ok: false, reason: 'the timestamp is more than five minutes off' }
  const expected = signWebhook(secret, { id, timestamp, body: request.body })
  // There are several signatures while a secret is being changed.
  const signed = signatures.split(' ').some((signature) => equalInConstantTime(signature, expected))
  return signed ? { ok: true } : { ok: false, reason: 'no signature fits' }
}

/** The key in a `whsec_` secret. Throws `notify.BadSecret`, which never holds the secret. */
export function keyOf(secret: string): Buffer {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const key = Buffer.from(base64 ?? '', 'base64')
  if (key.length >= 24 && key.length <= 64) return key
  throw new CordonError({
    code: 'notify.BadSecret',
    message: 'A webhook secret is not of the form whsec_<base64 of 24 to 64 bytes>.',
    facts: { bytes: key.length },
    fix: 'Make one with `echo whsec_$(openssl rand -base64 32)` and give it to the receiver too.',
  })
}

function equalInConstantTime(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
