import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import {
  type DrillReport,
  drillReportSchema,
  type ReachEntry,
  type ReachTest,
  reachEntrySchema,
  reachTestSchema,
} from '../model/drill.ts'
import { change, row, rows, type Store } from './store.ts'

/** Stores a drill report permanently. */
export async function insertDrill(store: Store, drill: DrillReport): Promise<void> {
  const sql = 'INSERT INTO drills (id, started_at, document) VALUES ($1, $2, $3)'
  await change(store, sql, [drill.id, drill.startedAt, toJson(drill)])
}

/** Drills, newest first. */
export async function listDrills(store: Store): Promise<DrillReport[]> {
  const found = await rows(
    store,
    z.object({ document: drillReportSchema }),
    'SELECT document FROM drills ORDER BY started_at DESC, id LIMIT 1000',
  )
  return found.map(({ document }) => document)
}

/** Stores a reach test, before anyone is paged. */
export async function insertReachTest(store: Store, test: ReachTest): Promise<void> {
  const sql = 'INSERT INTO reach_tests (id, started_at, document) VALUES ($1, $2, $3)'
  await change(store, sql, [test.id, test.startedAt, toJson(test)])
}

/** Reach tests, newest first. */
export async function listReachTests(store: Store): Promise<ReachTest[]> {
  const found = await rows(
    store,
    z.object({ document: reachTestSchema }),
    'SELECT document FROM reach_tests ORDER BY started_at DESC, id LIMIT 1000',
  )
  return found.map(({ document }) => document)
}

export async function insertReachEntry(store: Store, entry: ReachEntry): Promise<void> {
  const sql = 'INSERT INTO reach_entries (test_id, document) VALUES ($1, $2)'
  await change(store, sql, [entry.testId, toJson(entry)])
}

/** The results of a test so far, oldest first. */
export async function listReachEntries(store: Store, testId: string): Promise<ReachEntry[]> {
  const sql = 'SELECT document FROM reach_entries WHERE test_id = $1 ORDER BY position'
  const found = await rows(store, z.object({ document: reachEntrySchema }), sql, [testId])
  return found.map(({ document }) => document)
}

export const scheduledDrillSchema = z.object({
  schedule: z.string(),
  dueAt: z.number().int(),
  startedAt: z.number().int(),
  endedAt: z.number().int().nullable(),
  outcome: z.enum(['passed', 'failed', 'missed']).nullable(),
  detail: z.string(),
})
/** One turn of a schedule: taken by one process, with its result. */
export type ScheduledDrill = z.infer<typeof scheduledDrillSchema>

const COLUMNS = `schedule, due_at AS "dueAt", started_at AS "startedAt", ended_at AS "endedAt", outcome, detail`

/** Takes a turn; false where another process has it. */
export async function takeTurn(
  store: Store,
  { schedule, dueAt, startedAt }: Pick<ScheduledDrill, 'schedule' | 'dueAt' | 'startedAt'>,
): Promise<boolean> {
  const sql = `INSERT INTO scheduled_drills (schedule, due_at, started_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
  return (await change(store, sql, [schedule, dueAt, startedAt])) === 1
}

/** Records the result of a turn; false where it was recorded before. */
export async function endTurn(
  store: Store,
  turn: Pick<ScheduledDrill, 'schedule' | 'dueAt' | 'endedAt' | 'outcome' | 'detail'>,
): Promise<boolean> {
  const sql = `UPDATE scheduled_drills SET ended_at = $3, outcome = $4, detail = $5
    WHERE schedule = $1 AND due_at = $2 AND outcome IS NULL`
  return (
    (await change(store, sql, [turn.schedule, turn.dueAt, turn.endedAt, turn.outcome, turn.detail])) === 1
  )
}

/** The newest turn of a schedule, or undefined. */
export async function lastTurn(store: Store, schedule: string): Promise<ScheduledDrill | undefined> {
  const sql = `SELECT ${COLUMNS} FROM scheduled_drills WHERE schedule = $1 ORDER BY due_at DESC LIMIT 1`
  return row(store, scheduledDrillSchema, sql, [schedule])
}

/** When the transactions of an incident's plans were signed, milliseconds since the epoch; oldest first. */
export async function listSigningTimes(store: Store, incidentId: string): Promise<number[]> {
  const sql = `SELECT signed_at AS "signedAt" FROM broadcast_attempts JOIN plans ON plans.id = plan_id
    WHERE incident_id = $1 AND signed_at IS NOT NULL ORDER BY signed_at`
  const found = await rows(store, z.object({ signedAt: z.number().int() }), sql, [incidentId])
  return found.map(({ signedAt }) => signedAt)
}
