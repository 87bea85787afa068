import { DBOS } from '@dbos-inc/dbos-sdk'
import { assert } from '../kit/assert.ts'
import type { PinnedPlaybook, Run, StepResult } from '../model/playbook.ts'
import { findPlaybook } from '../store/playbooks.ts'
import { endRun, findRun } from '../store/runs.ts'
import { transaction } from '../store/store.ts'
import { appendTimeline } from '../store/timeline.ts'
import { type BranchAt, compensate, type Frame, type ListEnd, runList } from './lists.ts'
import { type Place, ROOT, stepAt } from './place.ts'
import { durably, type Session, standStill } from './session.ts'
import { type Leaf, performStep } from './step.ts'

export const RUN_WORKFLOW = 'cordon-run'
export const BRANCH_WORKFLOW = 'cordon-branch'
export const STEP_WORKFLOW = 'cordon-step'

export type Interpreter = { run: (runId: string) => Promise<void> }

/**
 * Registers the one interpreter of this process: a workflow for a run, one for each branch of a parallel block, because
 * the durable steps of a workflow have one order, and one for each step that acts or waits. Because a step has its own
 * workflow, a newer Cordon with different actions can continue an old run: only the interrupted step is replayed.
 */
export function registerInterpreter(session: Session): Interpreter {
  const leaf = DBOS.registerWorkflow(
    async (runId: string, stepId: string, place: Place = ROOT): Promise<StepResult> => {
      const { run, pinned } = await loadRunning(session, runId)
      const step = stepAt(pinned, place, stepId)
      assert(step, 'a step is in its own pinned playbook')
      return performStep(session, { run, pinned, place, step: step as Leaf })
    },
    { name: STEP_WORKFLOW },
  )
  const branch: Frame['branch'] = DBOS.registerWorkflow(
    async (runId: string, { stepId, index, place }: BranchAt): Promise<ListEnd> => {
      const { run, pinned } = await loadRunning(session, runId)
      const step = stepAt(pinned, place, stepId)
      assert(step && 'parallel' in step, 'a branch is one of a parallel block')
      return runList({ session, run, pinned, leaf, branch }, step.parallel[index] ?? [], place)
    },
    { name: BRANCH_WORKFLOW },
  )
  const run = DBOS.registerWorkflow(
    async (runId: string): Promise<void> => {
      const loaded = await load(session, runId)
      if (loaded.run.state !== 'running') return
      await interpret({ session, ...loaded, leaf, branch })
      session.gate.leave(runId)
    },
    { name: RUN_WORKFLOW },
  )
  return { run }
}

async function interpret(frame: Frame): Promise<void> {
  const { session, run, pinned } = frame
  const end = await runList(frame, pinned.playbook.steps, ROOT)
  const failures = end.failures + (end.stopped ? await compensate(frame, end.undo) : 0)
  await durably(session, 'end', () => finish(session, run, failures))
}

type Loaded = { run: Run; pinned: PinnedPlaybook }

/** A run that was ended from outside (an aborted drill) does not continue. */
async function loadRunning(session: Session, runId: string): Promise<Loaded> {
  const loaded = await load(session, runId)
  return loaded.run.state === 'running' ? loaded : standStill()
}

async function load(session: Session, runId: string): Promise<Loaded> {
  if (session.stopping) return standStill()
  const run = await findRun(session.store, runId)
  const pinned = run && (await findPlaybook(session.store, run.contentHash))
  assert(pinned, 'a run is written, with its playbook, before its workflow starts')
  return { run, pinned }
}

async function finish(session: Session, run: Run, failures: number): Promise<void> {
  const state = failures === 0 ? 'succeeded' : 'failed'
  const endedAt = session.clock.now()
  await transaction(
    session.store,
    async (tx) => {
      if (!(await endRun(tx, run.id, { state, endedAt }))) return
      await appendTimeline(tx, {
        incidentId: run.incidentId,
        kind: 'run',
        eventTime: endedAt,
        discoveryTime: endedAt,
        author: 'cordon',
        message:
          failures === 0
            ? `Playbook ${run.playbookId} is done`
            : `Playbook ${run.playbookId} ended with ${failures} failed ${failures === 1 ? 'step' : 'steps'}`,
        facts: { runId: run.id, playbookId: run.playbookId, contentHash: run.contentHash, state },
      })
    },
    { idempotent: true },
  )
}
