import { messageOf } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import type { Logger } from '../kit/logger.ts'
import { retry } from '../kit/retry.ts'
import type { LiveLine } from '../model/line.ts'
import type { Cursor } from './cursor.ts'
import { copyCursor, cursorAt, cursorText, OVERLAP, take } from './cursor.ts'
import type { FeedSources, PositionedEntry } from './sources.ts'
import type { StreamClient } from './stream-client.ts'
import { bodyOf, createClient, drain, endClient, leave, offer } from './stream-client.ts'

export type StreamLimits = {
  heartbeatMs: number
  maxClients: number
  /** Maximum number of events that wait for one client; a client with more is dropped. */
  maxEvents: number
  maxBytes: number
  /** How long an ended client may take to read the rest, milliseconds. */
  graceMs: number
}

const LIMITS: StreamLimits = {
  heartbeatMs: 15_000,
  maxClients: 64,
  maxEvents: 4_096,
  maxBytes: 8 * 1024 * 1024,
  graceMs: 5_000,
}

/** The SSE stream: one reader of the record for all clients. */
export type Feed = {
  sources: FeedSources
  logger: Logger
  limits: StreamLimits
  cursor: Cursor
  clients: Set<StreamClient>
  /** Set while the record is read; `again` requests another read after it. */
  reading: boolean
  again: boolean
  closing: AbortController
  stopSources: () => void
}

export type FeedOptions = { sources: FeedSources; logger: Logger; limits?: Partial<StreamLimits> }

/** Starts to follow the sources. Throws their errors. */
export async function createFeed({ sources, logger, limits }: FeedOptions): Promise<Feed> {
  const cursor = cursorAt(await sources.lastPosition())
  const feed: Feed = {
    sources,
    logger,
    limits: { ...LIMITS, ...limits },
    cursor,
    clients: new Set(),
    reading: false,
    again: false,
    closing: new AbortController(),
    stopSources: () => {},
  }
  for (const { position } of await sources.timelineAfter(cursor.newest - OVERLAP)) take(cursor, position)
  const unsubscribe = sources.subscribe((line) => onLine(feed, line))
  const heartbeat = setInterval(() => tellAll(feed, ': heartbeat\n\n'), feed.limits.heartbeatMs)
  heartbeat.unref()
  feed.stopSources = () => {
    unsubscribe()
    clearInterval(heartbeat)
  }
  void readRecord(feed)
  return feed
}

export type OpenOptions = {
  /**
   * The position that the client has read, by its `Last-Event-ID`. A new client begins at the feed's position: it may
   * receive entries written just before it came, and misses nothing after.
   */
  from?: Cursor | undefined
  /** Ends the connection by force. */
  abort: () => void
}

/** The body of one client's stream, or undefined if there are too many or the feed is closing. */
export async function openStream(
  feed: Feed,
  { from, abort }: OpenOptions,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const known = from !== undefined && (await isKnown(feed, from)) ? from : undefined
  if (feed.clients.size >= feed.limits.maxClients || feed.closing.signal.aborted) return undefined
  const client = createClient(known ?? copyCursor(feed.cursor), abort)
  feed.clients.add(client)
  const ready = { type: 'ready', resumed: known !== undefined }
  return bodyOf(framesFor(feed, client, frameOf(ready)), () => {
    leave(client)
    feed.clients.delete(client)
  })
}

/** A cursor past the newest position belongs to another database: it cannot be resumed. */
async function isKnown({ cursor, sources }: Feed, { newest }: Cursor): Promise<boolean> {
  return newest <= cursor.newest || newest <= (await sources.lastPosition())
}

async function* framesFor(feed: Feed, client: StreamClient, ready: string): AsyncGenerator<string> {
  yield `retry: 2000\n${withId(client, ready)}`
  try {
    yield* catchUp(feed, client)
  } catch (thrown) {
    feed.logger.warn({ reason: messageOf(thrown) }, 'A client of the stream could not be told what it missed')
    endClient(client, dropped('The record cannot be read now.'))
  }
  yield* drain(client)
}

/** The entries that the client missed, from the record; ends when nothing was written since the last read. */
async function* catchUp(feed: Feed, client: StreamClient): AsyncGenerator<string> {
  for (;;) {
    client.stale = false
    const page = await feed.sources.timelineAfter(client.cursor.newest - OVERLAP)
    const frames = page.flatMap((entry) => entryFrame(client, entry))
    if (frames.length > 0) yield frames.join('')
    if (client.ended || client.gone) return
    // No await between this check and `live`: an entry published in between would be lost.
    if (frames.length === 0 && !client.stale) break
  }
  client.live = true
}

function onLine(feed: Feed, line: LiveLine): void {
  // Timeline entries are read from the record, where they have positions.
  if (line.type === 'timeline') void readRecord(feed)
  else tellAll(feed, frameOf(line))
}

/** Publishes new entries of the record; one read at a time, and another if something arrived meanwhile. */
async function readRecord(feed: Feed): Promise<void> {
  feed.again = true
  if (feed.reading) return
  feed.reading = true
  while (feed.again && !feed.closing.signal.aborted) {
    feed.again = false
    for (const entry of await newEntries(feed)) {
      if (!take(feed.cursor, entry.position)) continue
      for (const client of feed.clients) tellEntry(feed, client, entry)
    }
  }
  feed.reading = false
}

/** An unavailable database is waited for: clients that stay get the entries that they missed. */
async function newEntries(feed: Feed): Promise<PositionedEntry[]> {
  const { sources, logger, closing } = feed
  try {
    return await retry(() => sources.timelineAfter(feed.cursor.newest - OVERLAP), {
      attempts: Number.POSITIVE_INFINITY,
      delayMs: 250,
      maxDelayMs: 5_000,
      signal: closing.signal,
      isRetryable(thrown) {
        logger.warn({ reason: messageOf(thrown) }, 'The stream could not read the record; trying again')
        return true
      },
    })
  } catch {
    return []
  }
}

function tellEntry(feed: Feed, client: StreamClient, entry: PositionedEntry): void {
  if (!client.live) client.stale = true
  else for (const frame of entryFrame(client, entry)) tell(feed, client, frame)
}

function tellAll(feed: Feed, frame: string): void {
  for (const client of feed.clients) tell(feed, client, frame)
}

function tell(feed: Feed, client: StreamClient, frame: string): void {
  if (offer(client, frame, feed.limits)) return
  const { maxEvents, maxBytes, graceMs } = feed.limits
  const reason = `This client reads too slowly: more than ${maxEvents} events or ${maxBytes} bytes waited for it.`
  endClient(client, dropped(reason))
  abortLater(client, graceMs)
}

function dropped(reason: string): string {
  return frameOf({ type: 'dropped', reason, fix: 'Connect again with Last-Event-ID.' })
}

function abortLater(client: StreamClient, milliseconds: number): void {
  const timer = setTimeout(() => {
    if (!client.gone) client.abort()
  }, milliseconds)
  timer.unref()
}

/** The frame of an entry that the client has not received, with the id from which it can resume; otherwise none. */
function entryFrame(client: StreamClient, { position, ...entry }: PositionedEntry): string[] {
  if (!take(client.cursor, position)) return []
  return [withId(client, frameOf({ type: 'timeline', ...entry }))]
}

function withId(client: StreamClient, frame: string): string {
  return `id: ${cursorText(client.cursor)}\n${frame}`
}

/** JSON has no raw line feed, so one `data:` line holds it. */
function frameOf(line: { type: string; [field: string]: unknown }): string {
  return `event: ${line.type}\ndata: ${toJson(line)}\n\n`
}

/** Sends a last frame to every client and closes it within `withinMs`. */
export async function closeFeed(feed: Feed, withinMs: number): Promise<void> {
  feed.closing.abort()
  feed.stopSources()
  const goodbye = frameOf({ type: 'stopping' })
  for (const client of feed.clients) endClient(client, goodbye)
  const deadline = performance.now() + withinMs
  while (feed.clients.size > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  for (const client of feed.clients) {
    leave(client)
    client.abort()
  }
  feed.clients.clear()
}
