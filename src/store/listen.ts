import { messageOf } from '../kit/error.ts'
import type { TimelineEntry } from '../model/timeline.ts'
import { hearTimeline, type TimelineNotice } from './notify-line.ts'
import type { Store } from './store.ts'
import { lastTimelinePosition, listTimelineAfter, type PositionedEntry } from './timeline.ts'

/** How far before the newest entry to search again: transactions commit out of the order of their positions. */
const OVERLAP = 256

type Listening = {
  store: Store
  onEntry: (entry: TimelineEntry) => void
  /** Position of the newest reported entry, and the reported positions near it. */
  newest: number
  told: Set<number>
  stopped: boolean
  /** A look-up that has not begun yet sees everything that was committed before it. */
  isLookDue: boolean
  work: Promise<void>
}

/**
 * Calls `onEntry` for every timeline entry that any process writes from now on, each once. A lost connection is
 * restored automatically, and the entries written meanwhile are reported. `onEntry` must not throw.
 */
export async function listenTimeline(
  store: Store,
  onEntry: (entry: TimelineEntry) => void,
): Promise<TimelineNotice> {
  const newest = await lastTimelinePosition(store)
  const before = await listTimelineAfter(store, newest - OVERLAP)
  const listening: Listening = {
    store,
    onEntry,
    newest,
    told: new Set(before.map(({ position }) => position)),
    stopped: false,
    isLookDue: false,
    work: Promise.resolve(),
  }
  const line = await hearTimeline(store, () => tellNew(listening))
  return {
    async stop() {
      listening.stopped = true
      await listening.work
      await line.stop()
    },
  }
}

/** One look-up at a time, so that entries are reported in order; a burst of notifications shares one. */
function tellNew(listening: Listening): void {
  if (listening.isLookDue) return
  listening.isLookDue = true
  listening.work = listening.work.then(async () => {
    listening.isLookDue = false
    if (listening.stopped) return
    try {
      const { store, newest, told } = listening
      const entries = await listTimelineAfter(store, newest - OVERLAP, told)
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
