import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type Run, runSchema, type StepResult, stepResultSchema } from '../model/playbook.ts'
import { change, row, rows, type Store, transaction } from './store.ts'

const runRowSchema = runSchema.omit({ steps: true })
const COLUMNS = `id, incident_id AS "incidentId", playbook_id AS "playbookId", content_hash AS "contentHash", state,
  started_at AS "startedAt", ended_at AS "endedAt", people`

/** Writes a run, unless that incident has one of that playbook: then gives back the first. */
export async function insertRun(
  store: Store,
  run: Run,
  author = 'cordon',
): Promise<{ run: Run; created: boolean }> {
  const sql = `INSERT INTO runs (id, incident_id, playbook_id, content_hash, state, started_at, ended_at, author, people)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`
  const { id, incidentId, playbookId, contentHash, state, startedAt, endedAt, people } = run
  return transaction(
    store,
    async (tx) => {
      const values = [id, incidentId, playbookId, contentHash, state, startedAt, endedAt, author, people]
      const created = (await change(tx, sql, values)) === 1
      const first = await findRunOf(tx, incidentId, playbookId)
      return { run: first ?? run, created }
    },
    { idempotent: true },
  )
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

/** Those of these incidents that have a run which this author began. */
export async function incidentsWithRunBy(
  store: Store,
  incidentIds: readonly string[],
  author: string,
): Promise<string[]> {
  if (incidentIds.length === 0) return []
  const sql = 'SELECT DISTINCT incident_id AS id FROM runs WHERE incident_id = ANY($1) AND author = $2'
  return (await rows(store, z.object({ id: z.string() }), sql, [incidentIds, author])).map(({ id }) => id)
}

/** Keeps a step's result. The first one stands: false where there was one. */
export async function recordStep(tx: Store, runId: string, result: StepResult): Promise<boolean> {
  const sql = 'INSERT INTO run_steps (run_id, step_id, document) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING'
  return (await change(tx, sql, [runId, result.stepId, toJson(result)])) === 1
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

async function findRunOf(tx: Store, incidentId: string, playbookId: string): Promise<Run | undefined> {
  const sql = 'SELECT id FROM runs WHERE incident_id = $1 AND playbook_id = $2'
  const found = await row(tx, z.object({ id: z.string() }), sql, [incidentId, playbookId])
  return found ? findRun(tx, found.id) : undefined
}

async function listSteps(store: Store, runId: string): Promise<StepResult[]> {
  const sql = 'SELECT document FROM run_steps WHERE run_id = $1 ORDER BY ordinal'
  const found = await rows(store, z.object({ document: stepResultSchema }), sql, [runId])
  return found.map(({ document }) => document)
}
