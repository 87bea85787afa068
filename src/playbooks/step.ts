import { crashPoint } from '../kit/crash-point.ts'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type {
  ActionStep,
  ApprovalStep,
  PinnedPlaybook,
  Retry,
  Run,
  StepResult,
  TaskStep,
  WaitStep,
} from '../model/playbook.ts'
import type { Action, ActionContext } from './action.ts'
import { askPeople, waitOut } from './people.ts'
import { keyOf, type Place } from './place.ts'
import {
  captured,
  type Ending,
  endingOf,
  type Failure,
  failed,
  keepResult,
  type Outcome,
  plain,
} from './result.ts'
import { durably, type Session, sleepDurably } from './session.ts'
import { fill, pathsIn } from './template.ts'
import { until } from './until.ts'
import { readVariables } from './variables.ts'

/** A step that contains no others: it has its own workflow. */
export type Leaf = ActionStep | WaitStep | TaskStep | ApprovalStep
/** One execution of a leaf: `key` is its id in the run's results. */
export type Doing<S extends Leaf = Leaf> = {
  run: Run
  pinned: PinnedPlaybook
  place: Place
  step: S
  key: string
}

/** A running action: the results of its durable parts, kept across retries, and an error of the machinery. */
type Progress = { done: Map<string, unknown>; broken: unknown }

/** Runs one step of a run and records its result; the first recorded result stands. */
export async function performStep(session: Session, at: Omit<Doing, 'key'>): Promise<StepResult> {
  const key = keyOf(at.place, at.step.id)
  const doing = { ...at, key }
  const { startedAt, step } = await begin(session, doing)
  crashPoint(`playbooks.step-started:${key}`)
  const ending = await carryOut(session, { ...doing, step }, startedAt)
  return durably(session, `${key}/finished`, async () => {
    const endedAt = session.clock.now()
    const recorded = await keepResult(session, at.run, { stepId: key, ...ending, startedAt, endedAt })
    crashPoint(`playbooks.step-finished:${key}`)
    return recorded
  })
}

/** When the step began and the values of its templates then; without templates the time alone. */
async function begin(session: Session, doing: Doing): Promise<{ startedAt: number; step: Leaf }> {
  const { step, key } = doing
  const texts = templated(step)
  const begun = await durably(session, `${key}/started`, async () => {
    const now = session.clock.now()
    if (texts === undefined) return now
    return { now, filled: plain(fill(texts, await readVariables(session, doing))) }
  })
  if (typeof begun === 'number') return { startedAt: begun, step }
  return { startedAt: begun.now, step: { ...step, ...(begun.filled as object) } as Leaf }
}

/** The part of a step that may contain templates, if it has any. */
function templated(step: Leaf): object | undefined {
  const part =
    'action' in step
      ? { args: step.args }
      : 'task' in step
        ? { task: step.task }
        : 'approval' in step
          ? { approval: step.approval }
          : {}
  return pathsIn(JSON.stringify(part)).paths.length > 0 ? part : undefined
}

async function carryOut(session: Session, doing: Doing, startedAt: number): Promise<Ending> {
  const { step } = doing
  if ('action' in step) return endingOf(await attempts(session, { ...doing, step }))
  if ('wait' in step) return waitOut(session, { ...doing, step }, startedAt)
  const tell = async (args: Told): Promise<void> => announce(session, doing, args)
  return askPeople(session, { ...doing, step }, { startedAt, tell })
}

export type Told = { roles: readonly string[]; title: string; body: string }

/** Pages the people of a task. If nobody was reached, the timeline states it; the task waits anyway. */
async function announce(session: Session, doing: Doing, told: Told): Promise<void> {
  if (session.tell === undefined) return
  const progress: Progress = { done: new Map(), broken: undefined }
  await once(session.tell, contextOf(session, doing, progress), told)
  if (progress.broken !== undefined) throw progress.broken
}

async function attempts(session: Session, doing: Doing<ActionStep>): Promise<Outcome> {
  const { step } = doing
  const action = session.actions.get(step.action)
  if (!action) return failed(unknownHere(step, session))
  const args = action.args.safeParse(step.args)
  if (!args.success) return failed(invalidArguments(step, args.error.issues[0]?.message))
  const retry = step.retry ?? { attempts: 1, delayMs: 0 }
  const progress: Progress = { done: new Map(), broken: undefined }
  for (let attempt = 1; ; attempt++) {
    const context = contextOf(session, doing, progress)
    const outcome = await once(action, context, args.data)
    if (progress.broken !== undefined) throw progress.broken
    if (outcome.ok || attempt >= retry.attempts || !outcome.failure.retryable) return outcome
    await sleepDurably(session, delayOf(retry, attempt))
  }
}

const MOST_DELAY_MS = 30_000

/** How long to wait after the nth attempt, milliseconds. */
export function delayOf(
  { delayMs, backoff = 'fixed', maxDelayMs = MOST_DELAY_MS }: Retry,
  attempt: number,
): number {
  return backoff === 'fixed' ? delayMs : Math.min(delayMs * 2 ** (attempt - 1), maxDelayMs)
}

async function once(action: Action, context: ActionContext, args: unknown): Promise<Outcome> {
  return captured(() => action.run(context, args))
}

function contextOf(session: Session, { run, key }: Doing, progress: Progress): ActionContext {
  const calls = new Map<string, number>()
  const durable = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const nth = (calls.get(name) ?? 0) + 1
    calls.set(name, nth)
    const part = `${name} ${nth}`
    if (progress.done.has(part)) return progress.done.get(part) as T
    const outcome = await watched(progress, () => durably(session, `${key}/${name}`, () => captured(act)))
    if (!outcome.ok) throw revived(outcome.failure)
    progress.done.set(part, outcome.value)
    return outcome.value
  }
  const sleep = (ms: number): Promise<void> => watched(progress, () => sleepDurably(session, ms))
  return {
    run,
    incidentId: run.incidentId,
    stepId: key,
    durable,
    sleep,
    until: (wait) => until(session, run, wait),
  }
}

/** An action may catch any error except one of the machinery: that one ends the workflow. */
async function watched<T>(progress: Progress, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (thrown) {
    progress.broken ??= thrown
    throw thrown
  }
}

function revived(failure: Failure): CordonError {
  return new CordonError(failure)
}

function unknownHere(step: ActionStep, session: Session): CordonError {
  const known = [...session.actions.keys()].sort()
  return new CordonError({
    code: 'playbooks.UnknownAction',
    message: `Step ${step.id} names an action that this Cordon does not have.`,
    facts: { step: step.id, action: printable(step.action), known },
    fix: `Use one of: ${known.join(', ')}.`,
  })
}

function invalidArguments(step: ActionStep, problem = 'unreadable'): CordonError {
  return new CordonError({
    code: 'playbooks.InvalidArguments',
    message: `The arguments of step ${step.id} do not fit the action ${step.action}: ${problem}.`,
    facts: { step: step.id, action: step.action },
    fix: 'Correct the arguments in the playbook; runs that have begun keep the old ones.',
  })
}
