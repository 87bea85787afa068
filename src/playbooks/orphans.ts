import { DBOS } from '@dbos-inc/dbos-sdk'
import { messageOf } from '../kit/error.ts'
import { type HeldLock, holdLock } from '../store/locks.ts'
import { listUnfinishedRuns } from '../store/runs.ts'
import { BRANCH_WORKFLOW, type Interpreter, RUN_WORKFLOW, STEP_WORKFLOW } from './interpreter.ts'
import type { Session } from './session.ts'

export const RESUME_QUEUE = 'cordon-resume'
const SWEEP_MS = 1_000

export type Watch = { stop(): Promise<void> }

type Watching = {
  session: Session
  executorId: string
  interpreter: Interpreter
  lock: HeldLock | undefined
  /** Executors and runs that looked abandoned at the last sweep. */
  suspects: Set<string>
}

/**
 * DBOS ignores the runs of a dead process. Here every process holds a database lock under its executor id, which the
 * database frees when the process dies; a survivor (or the next start) that finds such a lock free resumes the runs.
 * After the first sweep an executor must look dead twice: a restart of the database frees all locks for a moment. If
 * the executor is alive, DBOS lets only one of the two continue.
 */
export async function watchOrphans(watching: {
  session: Session
  executorId: string
  interpreter: Interpreter
}): Promise<Watch> {
  const lock = await holdLock(watching.session.store, lockName(watching.executorId))
  const state: Watching = { ...watching, lock, suspects: new Set() }
  await sweep(state, { patient: false })
  let working: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    working = working.then(() => tick(state))
  }, SWEEP_MS)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await working
      await state.lock?.release()
    },
  }
}

async function tick(state: Watching): Promise<void> {
  const { session, executorId } = state
  if (session.stopping) return
  try {
    if (!state.lock?.held()) state.lock = await holdLock(session.store, lockName(executorId))
    await sweep(state, { patient: true })
  } catch (thrown) {
    session.logger.warn({ error: messageOf(thrown) }, 'Could not look for abandoned runs')
  }
}

async function sweep(state: Watching, { patient }: { patient: boolean }): Promise<void> {
  const suspects = new Set<string>()
  for (const [executorId, workflowIds] of await pendingOfOthers(state.executorId)) {
    const lock = await holdLock(state.session.store, lockName(executorId))
    if (!lock) continue
    suspects.add(executorId)
    if (!patient || state.suspects.has(executorId)) {
      state.session.logger.info({ executorId, workflows: workflowIds.length }, 'Resuming abandoned runs')
      await DBOS.resumeWorkflows(workflowIds, { queueName: RESUME_QUEUE })
    }
    await lock.release()
  }
  for (const runId of await neverStarted(state.session)) {
    suspects.add(runId)
    if (patient && !state.suspects.has(runId)) continue
    state.session.gate.admit({ id: runId, severity: 'high' }, async () => {
      if (!state.session.stopping)
        await DBOS.startWorkflow(state.interpreter.run, { workflowID: runId })(runId)
    })
  }
  state.suspects = suspects
}

async function pendingOfOthers(own: string): Promise<Map<string, string[]>> {
  const pending = await DBOS.listWorkflows({
    workflowName: [RUN_WORKFLOW, BRANCH_WORKFLOW, STEP_WORKFLOW],
    status: 'PENDING',
    loadInput: false,
    loadOutput: false,
  })
  const byExecutor = new Map<string, string[]>()
  for (const { executorId, workflowID } of pending) {
    if (executorId === undefined || executorId === own) continue
    byExecutor.set(executorId, [...(byExecutor.get(executorId) ?? []), workflowID])
  }
  return byExecutor
}

/** Runs recorded by a process that died before their workflow began. */
async function neverStarted(session: Session): Promise<string[]> {
  const unfinished = (await listUnfinishedRuns(session.store)).filter((id) => !session.gate.holds(id))
  if (unfinished.length === 0) return []
  const started = await DBOS.listWorkflows({ workflowIDs: unfinished, loadInput: false, loadOutput: false })
  const known = new Set(started.map(({ workflowID }) => workflowID))
  return unfinished.filter((id) => !known.has(id))
}

function lockName(executorId: string): string {
  return `playbooks:${executorId}`
}
