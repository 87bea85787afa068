import type { Cursor } from './cursor.ts'

/** One reader of the stream, with its waiting frames. */
export type StreamClient = {
  cursor: Cursor
  /** False while it still receives the entries that it missed. */
  live: boolean
  /** Something was written while it was catching up. */
  stale: boolean
  pending: string[]
  bytes: number
  /** Accepts nothing more; waiting frames are still sent. */
  ended: boolean
  /** Its connection is closed. */
  gone: boolean
  wake: () => void
  /** Ends the connection of a client that does not read. */
  abort: () => void
}

export function createClient(cursor: Cursor, abort: () => void): StreamClient {
  const state = { live: false, stale: false, ended: false, gone: false }
  return { cursor, ...state, pending: [], bytes: 0, wake() {}, abort }
}

export type Bounds = { maxEvents: number; maxBytes: number }

/** Adds a frame to a client's buffer; false, with no change, if it does not fit. */
export function offer(client: StreamClient, frame: string, bounds: Bounds): boolean {
  if (client.ended || client.gone) return true
  const { pending, bytes } = client
  if (pending.length >= bounds.maxEvents || bytes + frame.length > bounds.maxBytes) return false
  pending.push(frame)
  client.bytes += frame.length
  client.wake()
  return true
}

/** The last frame that a client gets. */
export function endClient(client: StreamClient, frame: string): void {
  if (client.ended) return
  client.ended = true
  client.pending.push(frame)
  client.wake()
}

export function leave(client: StreamClient): void {
  client.gone = true
  client.wake()
}

/** All waiting frames in one chunk, until the client has ended or gone. */
export async function* drain(client: StreamClient): AsyncGenerator<string> {
  while (!client.gone) {
    if (client.pending.length > 0) {
      const text = client.pending.join('')
      client.pending = []
      client.bytes = 0
      yield text
    } else if (client.ended) {
      return
    } else {
      await new Promise<void>((resolve) => {
        client.wake = resolve
      })
    }
  }
}

/** Frames as an HTTP body, read only as fast as the other side reads. `frames` must not throw. */
export function bodyOf(frames: AsyncGenerator<string>, onEnd: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await frames.next()
        if (next.done !== true) return controller.enqueue(encoder.encode(next.value))
        onEnd()
        controller.close()
      },
      cancel: onEnd,
    },
    { highWaterMark: 0 },
  )
}
