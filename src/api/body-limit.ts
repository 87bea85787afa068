import type { MiddlewareHandler } from 'hono'
import { bodyTooLarge } from './problem.ts'

/**
 * Refuses a body of more than `maxBytes`, whether its length is announced or not. Only POST has routes that read a
 * body; the body of another method is not read. (Hono's own bodyLimit copies the request of Node's adapter with a
 * constructor that refuses it: every body without a length, the missing one too, was a 500.)
 */
export function limitBody(maxBytes: number): MiddlewareHandler {
  return async (c, next) => {
    const announced = Number(c.req.header('content-length') ?? Number.NaN)
    if (announced > maxBytes) throw bodyTooLarge(maxBytes)
    const { url, method, headers, body } = c.req.raw
    if (method !== 'POST') return next()
    const bytes = await read(body, maxBytes)
    c.req.raw = new Request(url, { method, headers, ...(bytes.length === 0 ? {} : { body: bytes }) })
    return next()
  }
}

async function read(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > maxBytes) throw bodyTooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
