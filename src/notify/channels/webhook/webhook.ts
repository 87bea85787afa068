import { z } from 'zod'
import type { Clock } from '../../../kit/clock.ts'
import { CordonError, messageOf } from '../../../kit/error.ts'
import { toJson } from '../../../kit/json.ts'
import { retry } from '../../../kit/retry.ts'
import { envNameSchema } from '../../../model/env-name.ts'
import type { Channel, Notification } from '../../../model/notification.ts'
import { channelKind } from '../../channel-kind.ts'
import { printableNotification } from '../../printable.ts'
import { keyOf, signWebhook } from './webhook-signature.ts'

/** Posts signed JSON to a URL. */
export const webhookKind = channelKind({
  kind: 'webhook',
  options: z.strictObject({
    url: z.string().regex(/^https?:\/\/\S+$/, 'expected an http(s) URL'),
    /** Variable with the `whsec_…` secret (Standard Webhooks). */
    secretEnv: envNameSchema,
  }),
  open: ({ url, secretEnv }, { id, clock, secret }) =>
    webhookChannel({ id, url, secret: secret(secretEnv, 'secretEnv'), clock }),
  secrets: ({ secretEnv }) => ({ secretEnv }),
  url: ({ url }) => url,
})

export type WebhookOptions = {
  id: string
  url: string
  /** `whsec_` and the base64 of 24 to 64 random bytes. */
  secret: string
  clock: Clock
  /** Total number of tries; 4 by default. */
  attempts?: number
  /** First wait between tries in milliseconds, doubling; 500 by default. */
  delayMs?: number
  /** Maximum duration of one try, in milliseconds; 10,000 by default. */
  timeoutMs?: number
}

/**
 * Posts notifications as signed JSON (https://www.standardwebhooks.com): the id is the same at every try, so a receiver
 * can drop duplicates. Network errors, 429 and 5xx are tried again; other answers are final, and redirects are not
 * followed. Throws `notify.BadSecret`; delivering throws `notify.DeliveryFailed`.
 */
export function webhookChannel(options: WebhookOptions): Channel {
  keyOf(options.secret)
  return {
    id: options.id,
    deliver: (notification) =>
      retry(() => post(options, notification), {
        attempts: options.attempts ?? 4,
        delayMs: options.delayMs ?? 500,
        maxDelayMs: 10_000,
        clock: options.clock,
      }),
  }
}

async function post(options: WebhookOptions, notification: Notification): Promise<void> {
  const body = bodyOf(notification)
  const timestamp = Math.floor(options.clock.now() / 1_000)
  const response = await send(options, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(options.timeoutMs ?? 10_000),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'cordon',
      'webhook-id': notification.id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signWebhook(options.secret, { id: notification.id, timestamp, body }),
    },
    body,
  })
  await response.body?.cancel().catch(() => {})
  if (response.status < 200 || response.status > 299) throw refused(options, response.status)
}

async function send(options: WebhookOptions, request: RequestInit): Promise<Response> {
  try {
    return await fetch(options.url, request)
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown
    throw new CordonError({
      code: 'notify.DeliveryFailed',
      message: `The webhook ${options.id} did not answer.`,
      facts: { channel: options.id, url: options.url, because: messageOf(cause) },
      fix: 'Check that the receiver is running and that this machine can reach it.',
      retryable: true,
      cause: thrown,
    })
  }
}

function bodyOf(notification: Notification): string {
  const data = printableNotification(notification)
  return toJson({ type: `cordon.${data.kind}`, timestamp: new Date(data.at).toISOString(), data })
}

function refused(options: WebhookOptions, status: number): CordonError {
  return new CordonError({
    code: 'notify.DeliveryFailed',
    message: `The webhook ${options.id} answered ${status}.`,
    facts: { channel: options.id, url: options.url, status },
    fix: fixFor(status),
    retryable: status === 429 || status >= 500,
  })
}

function fixFor(status: number): string {
  if (status === 410) return 'The receiver is gone for good: remove this channel, or give its new URL.'
  if (status >= 300 && status < 400) return 'Redirects are not followed: give the final URL.'
  if (status === 401 || status === 403) return 'Check that the receiver has the same secret.'
  return "Read the receiver's log for why it refused."
}
