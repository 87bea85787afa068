import { DBOS, DBOSWorkflowConflictError } from '@dbos-inc/dbos-sdk'
import { assert, unreachable } from '../kit/assert.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type {
  ForEachStep,
  IfStep,
  ParallelStep,
  PinnedPlaybook,
  PlaybookStep,
  Run,
  Step,
  StepResult,
} from '../model/playbook.ts'
import { decide, forCel, itemsOf } from './expressions.ts'
import { keyOf, type Place, placeInTurn, placeUnder, stepAt, stepsAt } from './place.ts'
import { captured, type Ending, endingOf, errorOf, keepResult, type Outcome } from './result.ts'
import { durably, type Session, standStill } from './session.ts'
import { readVariables } from './variables.ts'

/** The context in which a list of steps runs: the run, and the workflows that its parts are started as. */
export type Frame = {
  session: Session
  run: Run
  pinned: PinnedPlaybook
  leaf: (runId: string, stepId: string, place: Place) => Promise<StepResult>
  branch: (runId: string, at: BranchAt) => Promise<ListEnd>
}
export type BranchAt = { stepId: string; index: number; place: Place }

/** The result of a list: plain JSON, because a branch passes it to the run. */
export type ListEnd = {
  failures: number
  /** A step with `onFailure: stop` failed. */
  stopped: boolean
  /** Steps that succeeded and can be compensated for, in the order in which they ran. */
  undo: { stepId: string; place: Place }[]
}

type StepEnd = ListEnd & { result: StepResult }

/** Runs steps one after the other. Every decision is durable, so a replay takes the same path. */
export async function runList(frame: Frame, steps: readonly Step[], place: Place): Promise<ListEnd> {
  const end: ListEnd = { failures: 0, stopped: false, undo: [] }
  for (const step of steps) {
    if (end.stopped) await skip(frame, keyOf(place, step.id))
    else add(end, await runStep(frame, step, place))
  }
  return end
}

/** Compensates completed steps, the last first. A failure here is counted and stops nothing. */
export async function compensate(frame: Frame, undo: ListEnd['undo']): Promise<number> {
  let failures = 0
  for (const { stepId, place } of undo.toReversed()) {
    const steps = stepAt(frame.pinned, place, stepId)?.compensate ?? []
    failures += (await runList(frame, steps, place)).failures
  }
  return failures
}

function add(whole: ListEnd, part: ListEnd): void {
  whole.failures += part.failures
  whole.stopped ||= part.stopped
  whole.undo.push(...part.undo)
}

async function runStep(frame: Frame, step: Step, place: Place): Promise<ListEnd> {
  const end = await runBlock(frame, step, place)
  const { state } = end.result
  const instead =
    state === 'timed-out' && 'onTimeout' in step && step.onTimeout ? step.onTimeout : step.recover
  const whole: ListEnd = { failures: end.failures, stopped: end.stopped, undo: end.undo }
  if (state === 'succeeded') {
    if (step.compensate) whole.undo.push({ stepId: step.id, place })
    return whole
  }
  if (state !== 'failed' && instead === undefined) whole.failures++
  if (instead) add(whole, await runList(frame, instead, place))
  whole.stopped ||= step.onFailure === 'stop'
  return whole
}

function runBlock(frame: Frame, step: Step, place: Place): Promise<StepEnd> {
  if ('action' in step || 'wait' in step || 'task' in step || 'approval' in step)
    return follow(frame, step, place)
  if ('parallel' in step) return runParallel(frame, step, place)
  if ('if' in step) return runIf(frame, step, place)
  if ('forEach' in step) return runForEach(frame, step, place)
  if ('playbook' in step) return runPlaybook(frame, step, place)
  return unreachable(step)
}

/** A step whose workflow broke has failed like any other: the steps after it still run. */
async function follow(frame: Frame, step: Step, place: Place): Promise<StepEnd> {
  const { session, run, leaf } = frame
  const key = keyOf(place, step.id)
  const result = await child(frame, key, async () => {
    const handle = await DBOS.startWorkflow(leaf, { workflowID: `${run.id}.${key}` })(run.id, step.id, place)
    return handle.getResult({ pollingIntervalMs: 20 })
  })
  if (result.ok)
    return { ...NOTHING(), result: result.value, failures: result.value.state === 'failed' ? 1 : 0 }
  const broken = await durably(session, `${key}/broken`, () => keepBroken(frame, key, result.thrown))
  return { ...NOTHING(), result: broken, failures: 1 }
}

const NOTHING = (): ListEnd => ({ failures: 0, stopped: false, undo: [] })

type Child<T> = { ok: true; value: T } | { ok: false; thrown: unknown }

async function child<T>({ session }: Frame, key: string, act: () => Promise<T | null>): Promise<Child<T>> {
  if (session.stopping) return standStill()
  try {
    const value = await act()
    assert(value, `the workflow of ${key} gives a result: it is waited for without a timeout`)
    return { ok: true, value }
  } catch (thrown) {
    if (session.stopping) return standStill()
    if (thrown instanceof DBOSWorkflowConflictError) throw thrown
    return { ok: false, thrown }
  }
}

/** All branches are started before any is waited for. One that stops ends itself; the others are not cancelled. */
async function runParallel(frame: Frame, step: ParallelStep, place: Place): Promise<StepEnd> {
  const { session, run, branch } = frame
  const key = keyOf(place, step.id)
  const startedAt = await now(frame, key)
  const handles = []
  for (const index of step.parallel.keys()) {
    if (session.stopping) return standStill()
    const workflowID = `${run.id}.${key}.${index}`
    handles.push(await DBOS.startWorkflow(branch, { workflowID })(run.id, { stepId: step.id, index, place }))
  }
  const whole = NOTHING()
  for (const [index, handle] of handles.entries()) {
    const end = await child(frame, `${key}.${index}`, () => handle.getResult({ pollingIntervalMs: 20 }))
    add(whole, end.ok ? end.value : { ...NOTHING(), failures: 1 })
  }
  return finishBlock(frame, { key, startedAt, end: whole, output: { branches: handles.length } })
}

async function runIf(frame: Frame, step: IfStep, place: Place): Promise<StepEnd> {
  const key = keyOf(place, step.id)
  const startedAt = await now(frame, key)
  const outcome = await evaluated(frame, { key, place }, (variables) => decide(step.if, variables))
  if (!outcome.ok) return undecided(frame, { key, startedAt, outcome, expression: step.if })
  const end = await runList(frame, (outcome.value ? step.then : step.else) ?? [], place)
  return finishBlock(frame, { key, startedAt, end, output: { taken: outcome.value ? 'then' : 'else' } })
}

/** One item after the other; an iteration that stops ends the loop. */
async function runForEach(frame: Frame, step: ForEachStep, place: Place): Promise<StepEnd> {
  const key = keyOf(place, step.id)
  const startedAt = await now(frame, key)
  const outcome = await evaluated(frame, { key, place }, (variables) => itemsOf(step.forEach, variables))
  if (!outcome.ok) return undecided(frame, { key, startedAt, outcome, expression: step.forEach })
  const end = NOTHING()
  let done = 0
  for (const [turn, item] of outcome.value.entries()) {
    if (end.stopped) break
    add(end, await runList(frame, step.steps, placeInTurn(place, turn, item)))
    done++
  }
  return finishBlock(frame, { key, startedAt, end, output: { items: outcome.value.length, done } })
}

/** A playbook within one: if it is stopped it has failed, and its steps are compensated; its caller continues. */
async function runPlaybook(frame: Frame, step: PlaybookStep, place: Place): Promise<StepEnd> {
  const key = keyOf(place, step.id)
  const startedAt = await now(frame, key)
  const under = placeUnder(place, step.id, step.playbook)
  const end = await runList(frame, stepsAt(frame.pinned, under), under)
  const output = { playbook: step.playbook, stopped: end.stopped }
  if (!end.stopped) return finishBlock(frame, { key, startedAt, end, output })
  const failures = end.failures + (await compensate(frame, end.undo))
  return finishBlock(frame, { key, startedAt, end: { failures, stopped: false, undo: [] }, output })
}

function now({ session }: Frame, key: string): Promise<number> {
  return durably(session, `${key}/started`, async () => session.clock.now())
}

function evaluated<T>(
  { session, run, pinned }: Frame,
  { key, place }: { key: string; place: Place },
  act: (variables: Readonly<Record<string, unknown>>) => T,
): Promise<Outcome<T>> {
  return durably(session, `${key}/decided`, async () => {
    const variables = await readVariables(session, { run, pinned, place })
    return captured(async () => act(forCel(variables) as Record<string, unknown>))
  })
}

type Undecided = { key: string; startedAt: number; outcome: Outcome; expression: string }

async function undecided(frame: Frame, { key, startedAt, outcome, expression }: Undecided): Promise<StepEnd> {
  const because = outcome.ok ? '' : outcome.failure.message
  const error = new CordonError({
    code: 'playbooks.Undecided',
    message: `\`${printable(expression, 200)}\` could not be evaluated: ${because}`,
    fix: 'Decide by hand which steps to do; then correct the expression.',
  })
  const ending = { state: 'failed' as const, output: null, error: errorOf(error) }
  return { ...NOTHING(), failures: 1, result: await keep(frame, { key, startedAt, ending }) }
}

type Block = { key: string; startedAt: number; end: ListEnd; output: unknown }

/** A block has failed if a step in it has: that one is counted, the block is not counted again. */
async function finishBlock(frame: Frame, { key, startedAt, end, output }: Block): Promise<StepEnd> {
  const { failures } = end
  const error =
    failures === 0
      ? null
      : errorOf(
          new CordonError({
            code: 'playbooks.StepsFailed',
            message: `${failures} ${failures === 1 ? 'step' : 'steps'} in it failed.`,
            fix: 'Read the reason of each step.',
          }),
        )
  const ending: Ending = error
    ? { state: 'failed', output, error }
    : { ...endingOf({ ok: true, value: output }) }
  return { ...end, result: await keep(frame, { key, startedAt, ending }) }
}

type Kept = { key: string; startedAt: number; ending: Ending }

function keep({ session, run }: Frame, { key, startedAt, ending }: Kept): Promise<StepResult> {
  return durably(session, `${key}/finished`, () =>
    keepResult(session, run, { stepId: key, ...ending, startedAt, endedAt: session.clock.now() }),
  )
}

async function skip(frame: Frame, key: string): Promise<void> {
  const { session, run } = frame
  await durably(session, `${key}/skipped`, () => {
    const at = session.clock.now()
    const ending = { state: 'skipped' as const, output: null, error: null }
    return keepResult(session, run, { stepId: key, ...ending, startedAt: at, endedAt: at })
  })
}

function keepBroken({ session, run }: Frame, key: string, thrown: unknown): Promise<StepResult> {
  const at = session.clock.now()
  const broken = new CordonError({
    code: 'playbooks.StepBroken',
    message: `Step ${key} could not finish: ${printable(messageOf(thrown), 300)}`,
    fix: 'Do the rest of this step by hand; the timeline shows what it finished.',
  })
  const ending = { state: 'failed' as const, output: null, error: errorOf(broken) }
  return keepResult(session, run, { stepId: key, ...ending, startedAt: at, endedAt: at })
}
