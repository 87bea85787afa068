import { crashPoint } from '../kit/crash-point.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import { printable } from '../kit/text.ts'
import type { Run, Step, StepResult } from '../model/playbook.ts'
import { findRun, recordStep } from '../store/runs.ts'
import { transaction } from '../store/store.ts'
import { appendTimeline } from '../store/timeline.ts'
import type { Action, ActionContext } from './action.ts'
import { durably, type Session, sleepDurably } from './session.ts'

/** What went wrong, as plain JSON: so a remembered failure equals a fresh one. */
type Failure = {
  code: string
  message: string
  fix: string
  facts: Record<string, unknown>
  retryable: boolean
}
type Outcome = { ok: true; value: unknown } | { ok: false; failure: Failure }

/** A step while it runs: what its durable parts gave, kept over retries, and an error of the machinery. */
type Progress = { done: Map<string, unknown>; broken: unknown }

/** Runs one step of a run and records its result; the first recorded result stands. */
export async function performStep(session: Session, run: Run, step: Step): Promise<StepResult> {
  const startedAt = await durably(session, `${step.id}/started`, async () => session.clock.now())
  crashPoint(`playbooks.step-started:${step.id}`)
  const outcome = await attempts(session, run, step)
  return durably(session, `${step.id}/finished`, async () => {
    const endedAt = session.clock.now()
    const recorded = await keepResult(session, run, resultOf(step.id, outcome, { startedAt, endedAt }))
    crashPoint(`playbooks.step-finished:${step.id}`)
    return recorded
  })
}

async function attempts(session: Session, run: Run, step: Step): Promise<Outcome> {
  const action = session.actions.get(step.action)
  if (!action) return failed(unknownHere(step, session))
  const args = action.args.safeParse(step.args)
  if (!args.success) return failed(invalidArguments(step, args.error.issues[0]?.message))
  const { attempts: most, delayMs } = step.retry ?? { attempts: 1, delayMs: 0 }
  const progress: Progress = { done: new Map(), broken: undefined }
  for (let attempt = 1; ; attempt++) {
    const context = contextOf(session, { run, step, progress })
    const outcome = await once(action, context, args.data)
    if (progress.broken !== undefined) throw progress.broken
    if (outcome.ok || attempt >= most || !outcome.failure.retryable) return outcome
    await sleepDurably(session, delayMs)
  }
}

async function once(action: Action, context: ActionContext, args: unknown): Promise<Outcome> {
  try {
    return { ok: true, value: plain(await action.run(context, args)) }
  } catch (thrown) {
    return failed(thrown)
  }
}

function contextOf(
  session: Session,
  { run, step, progress }: { run: Run; step: Step; progress: Progress },
): ActionContext {
  const calls = new Map<string, number>()
  const durable = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const nth = (calls.get(name) ?? 0) + 1
    calls.set(name, nth)
    const key = `${name} ${nth}`
    if (progress.done.has(key)) return progress.done.get(key) as T
    const outcome = await watched(progress, () => durably(session, `${step.id}/${name}`, () => captured(act)))
    if (!outcome.ok) throw revived(outcome.failure)
    progress.done.set(key, outcome.value)
    return outcome.value as T
  }
  const sleep = (ms: number): Promise<void> => watched(progress, () => sleepDurably(session, ms))
  return { run, incidentId: run.incidentId, stepId: step.id, durable, sleep }
}

/** An action may catch what it likes, but never an error of the machinery: that one ends the workflow. */
async function watched<T>(progress: Progress, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (thrown) {
    progress.broken ??= thrown
    throw thrown
  }
}

async function captured(act: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { ok: true, value: plain(await act()) }
  } catch (thrown) {
    return failed(thrown)
  }
}

function plain(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(toJson(value))
}

function failed(thrown: unknown): Outcome {
  if (thrown instanceof CordonError) {
    const { code, summary: message, fix, facts, retryable } = thrown
    return {
      ok: false,
      failure: { code, message, fix, facts: plain(facts) as Record<string, unknown>, retryable },
    }
  }
  const fix = 'Read the message; do what this step should have done by hand.'
  const message = printable(messageOf(thrown), 500)
  return { ok: false, failure: { code: 'playbooks.ActionFailed', message, fix, facts: {}, retryable: true } }
}

function revived(failure: Failure): CordonError {
  return new CordonError(failure)
}

function resultOf(
  stepId: string,
  outcome: Outcome,
  times: { startedAt: number; endedAt: number },
): StepResult {
  if (outcome.ok) return { stepId, state: 'succeeded', ...times, output: outcome.value, error: null }
  const { code, message, fix } = outcome.failure
  return { stepId, state: 'failed', ...times, output: null, error: { code, message, fix } }
}

/** Keeps a result with its timeline entry, both or neither; gives back the one that stands. */
export async function keepResult(session: Session, run: Run, result: StepResult): Promise<StepResult> {
  return transaction(
    session.store,
    async (tx) => {
      if (!(await recordStep(tx, run.id, result))) {
        const found = (await findRun(tx, run.id))?.steps.find(({ stepId }) => stepId === result.stepId)
        return found ?? result
      }
      await appendTimeline(tx, {
        incidentId: run.incidentId,
        kind: 'step',
        eventTime: result.startedAt,
        discoveryTime: result.endedAt,
        author: 'cordon',
        message: sentenceOf(result),
        facts: { runId: run.id, playbookId: run.playbookId, ...result },
      })
      return result
    },
    { idempotent: true },
  )
}

function sentenceOf({ stepId, state, error }: StepResult): string {
  if (!error) return `Step ${stepId} ${state}`
  return printable(`Step ${stepId} failed: ${error.message} Fix: ${error.fix}`, 2_000)
}

function unknownHere(step: Step, session: Session): CordonError {
  const known = [...session.actions.keys()].sort()
  return new CordonError({
    code: 'playbooks.UnknownAction',
    message: `Step ${step.id} asks for an action that this Cordon does not have.`,
    facts: { step: step.id, action: printable(step.action), known },
    fix: `Use one of: ${known.join(', ')}.`,
  })
}

function invalidArguments(step: Step, problem = 'unreadable'): CordonError {
  return new CordonError({
    code: 'playbooks.InvalidArguments',
    message: `The arguments of step ${step.id} do not fit the action ${step.action}: ${problem}.`,
    facts: { step: step.id, action: step.action },
    fix: 'Correct the arguments in the playbook; runs that have begun keep the old ones.',
  })
}
