import { DBOS, DBOSWorkflowConflictError } from '@dbos-inc/dbos-sdk'
import { assert } from '../kit/assert.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type { Run, Step, StepResult } from '../model/playbook.ts'
import { findPlaybook } from '../store/playbooks.ts'
import { endRun, findRun } from '../store/runs.ts'
import { transaction } from '../store/store.ts'
import { appendTimeline } from '../store/timeline.ts'
import { durably, type Session, standStill } from './session.ts'
import { keepResult, performStep } from './step.ts'

export const RUN_WORKFLOW = 'cordon-run'
export const STEP_WORKFLOW = 'cordon-step'

export type Interpreter = { run: (runId: string) => Promise<void> }

/**
 * Registers the one interpreter of this process: a workflow for a run, and one for each of its steps. A step
 * of its own means that a newer Cordon, whose actions are made otherwise, can go on with an old run: only the
 * step that was interrupted is replayed.
 */
export function registerInterpreter(session: Session): Interpreter {
  const step = DBOS.registerWorkflow(
    async (runId: string, stepId: string): Promise<StepResult> => {
      const { run, steps } = await load(session, runId)
      const found = steps.find(({ id }) => id === stepId)
      assert(found, 'a step is in its own pinned playbook')
      return performStep(session, run, found)
    },
    { name: STEP_WORKFLOW },
  )
  const run = DBOS.registerWorkflow((runId: string) => interpret(session, runId, step), {
    name: RUN_WORKFLOW,
  })
  return { run }
}

type StepWorkflow = (runId: string, stepId: string) => Promise<StepResult>

async function interpret(session: Session, runId: string, perform: StepWorkflow): Promise<void> {
  const { run, steps } = await load(session, runId)
  let [failures, stopped] = [0, false]
  for (const step of steps) {
    const result = stopped ? await skip(session, run, step) : await follow(session, { run, step, perform })
    if (result.state !== 'failed') continue
    failures++
    stopped = step.onFailure === 'stop'
  }
  await durably(session, 'end', () => finish(session, run, failures))
}

async function load(session: Session, runId: string): Promise<{ run: Run; steps: readonly Step[] }> {
  if (session.stopping) return standStill()
  const run = await findRun(session.store, runId)
  const pinned = run && (await findPlaybook(session.store, run.contentHash))
  assert(pinned, 'a run is written, with its playbook, before its workflow starts')
  return { run, steps: pinned.playbook.steps }
}

type Following = { run: Run; step: Step; perform: StepWorkflow }

/** A step whose workflow broke has failed like any other: the steps after it still have their turn. */
async function follow(session: Session, { run, step, perform }: Following): Promise<StepResult> {
  if (session.stopping) return standStill()
  try {
    const handle = await DBOS.startWorkflow(perform, { workflowID: `${run.id}.${step.id}` })(run.id, step.id)
    const result = await handle.getResult({ pollingIntervalMs: 20 })
    assert(result, 'a wait without timeout gives a result')
    return result
  } catch (thrown) {
    if (session.stopping) return standStill()
    if (thrown instanceof DBOSWorkflowConflictError) throw thrown
    return durably(session, `${step.id}/broken`, () => keepBroken(session, { run, step, thrown }))
  }
}

async function keepBroken(
  session: Session,
  { run, step, thrown }: { run: Run; step: Step; thrown: unknown },
): Promise<StepResult> {
  const now = session.clock.now()
  const broken = new CordonError({
    code: 'playbooks.StepBroken',
    message: `Step ${step.id} could not be carried through: ${printable(messageOf(thrown), 300)}`,
    fix: 'Do what this step should have done by hand; what it had finished is on the timeline.',
  })
  const error = { code: broken.code, message: broken.summary, fix: broken.fix }
  const result = {
    stepId: step.id,
    state: 'failed' as const,
    startedAt: now,
    endedAt: now,
    output: null,
    error,
  }
  return keepResult(session, run, result)
}

async function skip(session: Session, run: Run, step: Step): Promise<StepResult> {
  return durably(session, `${step.id}/skipped`, () => {
    const now = session.clock.now()
    const times = { startedAt: now, endedAt: now }
    return keepResult(session, run, {
      stepId: step.id,
      state: 'skipped',
      ...times,
      output: null,
      error: null,
    })
  })
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
