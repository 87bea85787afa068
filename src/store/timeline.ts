import { z } from 'zod'
import { assert } from '../kit/assert.ts'
import { canonicalJson } from '../kit/json.ts'
import {
  type KeptEntry,
  keptEntrySchema,
  kindNow,
  type TimelineEntry,
  timelineEntrySchema,
  timelineEntryWith,
} from '../model/timeline.ts'
import { change, row, rows, type Store, transaction } from './store.ts'

export type NewTimelineEntry = Omit<KeptEntry, 'sequence'>

/** Entries of earlier versions are read under their present kind. */
function read<T extends z.ZodType>(schema: T): z.ZodType<z.infer<T>> {
  return z
    .looseObject({ kind: z.string(), facts: z.record(z.string(), z.unknown()) })
    .transform((entry) => ({ ...entry, kind: kindNow(entry.kind, entry.facts) }))
    .pipe(schema as never)
}

const entrySchema = read(timelineEntrySchema)

const COLUMNS = `incident_id AS "incidentId", sequence, kind, event_time AS "eventTime",
  discovery_time AS "discoveryTime", author, message, facts`

/**
 * Appends an entry; the database numbers it 1, 2, 3… per incident, without gaps, chains it to the previous one by its
 * hash, and notifies listeners. Facts are stored as canonical JSON, which is hashed. It never changes again: the
 * database rejects UPDATE, DELETE and TRUNCATE.
 */
export async function appendTimeline(store: Store, entry: NewTimelineEntry): Promise<TimelineEntry> {
  const sql = `INSERT INTO timeline (incident_id, kind, event_time, discovery_time, author, message, facts)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`
  const { incidentId, kind, eventTime, discoveryTime, author, message, facts } = entry
  const values = [incidentId, kind, eventTime, discoveryTime, author, message, canonicalJson(facts)]
  return transaction(store, async (tx) => {
    const [written] = await rows(tx, entrySchema, sql, values)
    assert(written !== undefined, 'an insert gives its row back')
    return written
  })
}

/** Appends entries, each incident's in the given order, like {@link appendTimeline} for one. */
export async function appendTimelines(tx: Store, entries: readonly NewTimelineEntry[]): Promise<void> {
  if (entries.length === 0) return
  const sql = `INSERT INTO timeline (incident_id, kind, event_time, discovery_time, author, message, facts)
    SELECT a, b, c, d, e, f, g::json FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::text[],
      $6::text[], $7::text[]) WITH ORDINALITY AS given (a, b, c, d, e, f, g, n) ORDER BY n`
  await change(tx, sql, [
    entries.map(({ incidentId }) => incidentId),
    entries.map(({ kind }) => kind),
    entries.map(({ eventTime }) => eventTime),
    entries.map(({ discoveryTime }) => discoveryTime),
    entries.map(({ author }) => author),
    entries.map(({ message }) => message),
    entries.map(({ facts }) => canonicalJson(facts)),
  ])
}

/** Entries of an incident in order, those after `after` (a sequence; all by default). */
export async function listTimeline(store: Store, incidentId: string, after = 0): Promise<TimelineEntry[]> {
  const sql = `SELECT ${COLUMNS} FROM timeline WHERE incident_id = $1 AND sequence > $2 ORDER BY sequence`
  return rows(store, entrySchema, sql, [incidentId, after])
}

const chainedSchema = keptEntrySchema.extend({
  previous: z.string().nullable(),
  hash: z.string().nullable(),
})

/** Entries of an incident in order, with their place in its chain. */
export async function listChained(
  store: Store,
  incidentId: string,
): Promise<z.infer<typeof chainedSchema>[]> {
  const sql = `SELECT ${COLUMNS}, previous, hash FROM timeline WHERE incident_id = $1 ORDER BY sequence`
  return rows(store, chainedSchema, sql, [incidentId])
}

/** One entry, or undefined. */
export async function findTimelineEntry(
  store: Store,
  incidentId: string,
  sequence: number,
): Promise<TimelineEntry | undefined> {
  const sql = `SELECT ${COLUMNS} FROM timeline WHERE incident_id = $1 AND sequence = $2`
  return row(store, entrySchema, sql, [incidentId, sequence])
}

const positionedSchema = read(timelineEntryWith({ position: z.number().int() }))
export type PositionedEntry = z.infer<typeof positionedSchema>

/** Entries of all incidents after a position in the whole record, oldest first, without those at these positions. */
export async function listTimelineAfter(
  store: Store,
  position: number,
  except: Iterable<number> = [],
): Promise<PositionedEntry[]> {
  const sql = `SELECT ${COLUMNS}, position FROM timeline WHERE position > $1 AND position <> ALL($2::int8[])
    ORDER BY position LIMIT 10000`
  return rows(store, positionedSchema, sql, [position, [...except]])
}

/** The position of the newest entry of the whole record; 0 where there is none. */
export async function lastTimelinePosition(store: Store): Promise<number> {
  const sql = 'SELECT coalesce(max(position), 0) AS position FROM timeline'
  return (await row(store, z.object({ position: z.number().int() }), sql))?.position ?? 0
}
