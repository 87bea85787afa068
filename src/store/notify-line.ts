import pg from 'pg'
import { messageOf } from '../kit/error.ts'
import type { Store } from './store.ts'

const RECONNECT_MS = 250

export type TimelineNotice = { stop(): Promise<void> }

/** Called with the incident whose timeline grew; with null where any change is possible, because the line was cut. */
type Heard = (incidentId: string | null) => void

type Line = {
  store: Store
  hearers: Set<Heard>
  client: pg.Client | undefined
  ready: Promise<void>
  timer: NodeJS.Timeout | undefined
}

/** One connection for all listeners on a pool: a process has one, for any number of waiting runs. */
const lines = new WeakMap<pg.Pool, Line>()

/**
 * Receives, from now on, a notification of every timeline entry that any process commits: PostgreSQL sends it, without
 * polling. A broken line is restored automatically, and listeners are called with null to check again. `heard` must not
 * throw.
 */
export async function hearTimeline(store: Store, heard: Heard): Promise<TimelineNotice> {
  let line = lines.get(store.pool)
  if (line === undefined) {
    line = { store, hearers: new Set(), client: undefined, ready: Promise.resolve(), timer: undefined }
    lines.set(store.pool, line)
    line.ready = connect(line)
  }
  line.hearers.add(heard)
  await line.ready
  return { stop: () => leave(line, heard) }
}

async function connect(line: Line): Promise<void> {
  const { store } = line
  const client = new pg.Client({
    connectionString: store.url,
    application_name: 'cordon-listen',
    keepAlive: true,
  })
  line.client = client
  client.on('error', (error) =>
    store.logger.warn({ error: error.message }, 'Timeline listener lost its line'),
  )
  client.once('end', () => reconnectLater(line))
  client.on('notification', ({ payload = '' }) => tell(line, payload.slice(0, payload.lastIndexOf(':'))))
  try {
    await client.connect()
    await client.query('LISTEN cordon')
    tell(line, null)
  } catch (thrown) {
    store.logger.warn({ error: messageOf(thrown) }, 'Timeline listener could not connect')
    await client.end().catch(() => {})
    reconnectLater(line)
  }
}

function tell({ hearers }: Line, incidentId: string | null): void {
  for (const heard of hearers) heard(incidentId)
}

function reconnectLater(line: Line): void {
  if (line.hearers.size === 0 || line.timer !== undefined) return
  line.timer = setTimeout(() => {
    line.timer = undefined
    if (line.hearers.size > 0) void connect(line)
  }, RECONNECT_MS)
}

/** The last listener to leave closes the line. */
async function leave(line: Line, heard: Heard): Promise<void> {
  line.hearers.delete(heard)
  if (line.hearers.size > 0) return
  clearTimeout(line.timer)
  lines.delete(line.store.pool)
  await line.client?.end().catch(() => {})
}
