import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type Run, runSchema, type StepResult, stepResultSchema } from '../model/playbook.ts'
import { change, row, rows, type Store } from './store.ts'

const runRowSchema = runSchema.omit({ steps: true })
const COLUMNS = `id, incident_id AS "incidentId", playbook_id AS "playbookId", content_hash AS "contentHash", attempt, state,
  started_at AS "startedAt", ended_at AS "endedAt", people`

/**
 * Writes runs, except where an incident already has that attempt of that playbook; returns the ids of those that were
 * written.
 */
export async function insertRuns(
  tx: Store,
  written: readonly { run: Run; author: string }[],
): Promise<string[]> {
  const sql = `INSERT INTO runs (id, incident_id, playbook_id, content_hash, state, started_at, ended_at, author, people,
      attempt)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::text[],
      $9::boolean[], $10::int4[]) ON CONFLICT DO NOTHING RETURNING id`
  const column = <T>(of: (run: Run) => T): T[] => written.map(({ run }) => of(run))
  const found = await rows(tx, z.object({ id: z.string() }), sql, [
    column(({ id }) => id),
    column(({ incidentId }) => incidentId),
    column(({ playbookId }) => playbookId),
    column(({ contentHash }) => contentHash),
    column(({ state }) => state),
    column(({ startedAt }) => startedAt),
    column(({ endedAt }) => endedAt),
    written.map(({ author }) => author),
    column(({ people }) => people),
    column(({ attempt }) => attempt),
  ])
  return found.map(({ id }) => id)
}

/** One run with the results of its steps so far, or undefined. */
export async function findRun(store: Store, id: string): Promise<Run | undefined> {
  const found = await row(store, runRowSchema, `SELECT ${COLUMNS} FROM runs WHERE id = $1`, [id])
  return found ? { ...found, steps: await listSteps(store, id) } : undefined
}

/** Runs of an incident, oldest first. */
export async function listRuns(store: Store, incidentId: string): Promise<Run[]> {
  const sql = `SELECT ${COLUMNS} FROM runs WHERE incident_id = $1 ORDER BY started_at, id`
  const found = await rows(store, runRowSchema, sql, [incidentId])
  const runs: Run[] = []
  for (const run of found) runs.push({ ...run, steps: await listSteps(store, run.id) })
  return runs
}

const lastSchema = z.object({ id: z.string(), attempt: z.number().int(), isRunning: z.boolean() })

/**
 * The last attempt of each of these incidents, regardless of who started it, and whether a run of it is in progress;
 * none without a run.
 */
export async function lastAttempts(
  store: Store,
  incidentIds: readonly string[],
): Promise<Map<string, { attempt: number; isRunning: boolean }>> {
  if (incidentIds.length === 0) return new Map()
  const sql = `SELECT incident_id AS id, max(attempt) AS attempt, bool_or(state = 'running') AS "isRunning" FROM runs
    WHERE incident_id = ANY($1) GROUP BY 1`
  const found = await rows(store, lastSchema, sql, [incidentIds])
  return new Map(found.map(({ id, ...last }) => [id, last]))
}

/** A step of a run contains from now on, until it has a result: owed alerts are answered after it. */
export async function markContaining(store: Store, runId: string, stepId: string): Promise<void> {
  const sql = 'UPDATE runs SET containing = array_append(array_remove(containing, $2), $2) WHERE id = $1'
  await change(store, sql, [runId, stepId])
}

/** The step has finished its containing part, though it has no result yet. */
export async function unmarkContaining(store: Store, runId: string, stepId: string): Promise<void> {
  const sql = 'UPDATE runs SET containing = array_remove(containing, $2), answered = true WHERE id = $1'
  await change(store, sql, [runId, stepId])
}

/** A step of a run waits for approvals of these plans, and carries out each; none when it no longer waits. */
export async function markAwaiting(store: Store, runId: string, planIds: readonly string[]): Promise<void> {
  await change(store, 'UPDATE runs SET awaiting = $2 WHERE id = $1', [runId, planIds])
}

/** Adds one more plan, before the step has begun. */
export async function awaitAlso(store: Store, runId: string, planId: string): Promise<void> {
  const sql = 'UPDATE runs SET awaiting = array_append(array_remove(awaiting, $2), $2) WHERE id = $1'
  await change(store, sql, [runId, planId])
}

/** Whether a run in progress carries out a plan once it is approved. */
export async function isAwaited(store: Store, planId: string): Promise<boolean> {
  const sql = `SELECT 1 AS one FROM runs JOIN plans ON plans.incident_id = runs.incident_id
    WHERE plans.id = $1 AND runs.state = 'running' AND $1 = ANY(awaiting) LIMIT 1`
  return (await row(store, z.object({ one: z.number() }), sql, [planId])) !== undefined
}

/** The part of a run that answers an attack is over: it waits for people. */
export async function markAnswered(store: Store, runId: string): Promise<void> {
  await change(store, 'UPDATE runs SET answered = true WHERE id = $1 AND NOT answered', [runId])
}

/** Stores a step's result. The first one is kept: false where there was one. Its containing part ends. */
export async function recordStep(tx: Store, runId: string, result: StepResult): Promise<boolean> {
  const { stepId } = result
  const ended = `UPDATE runs SET containing = array_remove(containing, $2), answered = true
    WHERE id = $1 AND $2 = ANY(containing)`
  await change(tx, ended, [runId, stepId])
  const sql = 'INSERT INTO run_steps (run_id, step_id, document) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING'
  return (await change(tx, sql, [runId, stepId, toJson(result)])) === 1
}

/** Ends a run; false where it had ended. */
export async function endRun(
  tx: Store,
  id: string,
  end: { state: 'succeeded' | 'failed'; endedAt: number },
): Promise<boolean> {
  const sql = `UPDATE runs SET state = $2, ended_at = $3 WHERE id = $1 AND state = 'running'`
  return (await change(tx, sql, [id, end.state, end.endedAt])) === 1
}

/** Ids of runs that have not ended. */
export async function listUnfinishedRuns(store: Store): Promise<string[]> {
  const sql = `SELECT id FROM runs WHERE state = 'running' ORDER BY started_at`
  return (await rows(store, z.object({ id: z.string() }), sql)).map(({ id }) => id)
}

/** The run that is this attempt of an incident's playbook, or undefined. */
export async function findRunOf(
  tx: Store,
  { incidentId, playbookId, attempt }: Pick<Run, 'incidentId' | 'playbookId' | 'attempt'>,
): Promise<Run | undefined> {
  const sql = 'SELECT id FROM runs WHERE incident_id = $1 AND playbook_id = $2 AND attempt = $3'
  const found = await row(tx, z.object({ id: z.string() }), sql, [incidentId, playbookId, attempt])
  return found ? findRun(tx, found.id) : undefined
}

async function listSteps(store: Store, runId: string): Promise<StepResult[]> {
  const sql = 'SELECT document FROM run_steps WHERE run_id = $1 ORDER BY ordinal'
  const found = await rows(store, z.object({ document: stepResultSchema }), sql, [runId])
  return found.map(({ document }) => document)
}
