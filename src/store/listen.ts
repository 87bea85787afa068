import pg from 'pg'
import { messageOf } from '../kit/error.ts'
import type { TimelineEntry } from '../model/incident.ts'
import type { Store } from './store.ts'
import { lastTimelinePosition, listTimelineAfter, type PositionedEntry } from './timeline.ts'

/** How far behind the newest entry to look again: transactions commit out of the order of their positions. */
const OVERLAP = 256
const RECONNECT_MS = 250

export type TimelineListener = { stop(): Promise<void> }

type Listening = {
  store: Store
  onEntry: (entry: TimelineEntry) => void
  client: pg.Client | undefined
  /** Position of the newest entry told, and the positions told near it. */
  newest: number
  told: Set<number>
  stopped: boolean
  work: Promise<void>
  timer: NodeJS.Timeout | undefined
}

/**
 * Calls `onEntry` for every timeline entry that any process writes from now on, each once. When the
 * connection is lost it comes back by itself and tells what was written meanwhile. `onEntry` must not throw.
 */
export async function listenTimeline(
  store: Store,
  onEntry: (entry: TimelineEntry) => void,
): Promise<TimelineListener> {
  const newest = await lastTimelinePosition(store)
  const before = await listTimelineAfter(store, newest - OVERLAP)
  const listening: Listening = {
    store,
    onEntry,
    client: undefined,
    newest,
    told: new Set(before.map(({ position }) => position)),
    stopped: false,
    work: Promise.resolve(),
    timer: undefined,
  }
  await connect(listening)
  return { stop: () => stopListening(listening) }
}

async function connect(listening: Listening): Promise<void> {
  const { store } = listening
  const client = new pg.Client({
    connectionString: store.url,
    application_name: 'cordon-listen',
    keepAlive: true,
  })
  listening.client = client
  client.on('error', (error) =>
    store.logger.warn({ error: error.message }, 'Timeline listener lost its line'),
  )
  client.once('end', () => reconnectLater(listening))
  client.on('notification', () => tellNew(listening))
  try {
    await client.connect()
    await client.query('LISTEN cordon')
    tellNew(listening)
  } catch (thrown) {
    store.logger.warn({ error: messageOf(thrown) }, 'Timeline listener could not connect')
    await client.end().catch(() => {})
    reconnectLater(listening)
  }
}

function reconnectLater(listening: Listening): void {
  if (listening.stopped || listening.timer) return
  listening.timer = setTimeout(() => {
    listening.timer = undefined
    if (!listening.stopped) void connect(listening)
  }, RECONNECT_MS)
}

/** One look-up at a time, so that entries are told in order; a burst of notifications shares one. */
function tellNew(listening: Listening): void {
  listening.work = listening.work.then(async () => {
    if (listening.stopped) return
    try {
      const entries = await listTimelineAfter(listening.store, listening.newest - OVERLAP)
      for (const entry of entries) tell(listening, entry)
    } catch (thrown) {
      listening.store.logger.warn({ error: messageOf(thrown) }, 'Timeline listener could not read')
    }
  })
}

function tell(listening: Listening, { position, ...entry }: PositionedEntry): void {
  if (listening.told.has(position)) return
  listening.told.add(position)
  listening.newest = Math.max(listening.newest, position)
  for (const old of listening.told) {
    if (old >= listening.newest - 2 * OVERLAP) break
    listening.told.delete(old)
  }
  listening.onEntry(entry)
}

async function stopListening(listening: Listening): Promise<void> {
  listening.stopped = true
  clearTimeout(listening.timer)
  await listening.work
  await listening.client?.end().catch(() => {})
}
