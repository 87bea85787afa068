import { CordonError, messageOf } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import { printable } from '../kit/text.ts'
import type { Run, StepResult } from '../model/playbook.ts'
import { findRun, recordStep } from '../store/runs.ts'
import { transaction } from '../store/store.ts'
import { appendTimeline } from '../store/timeline.ts'
import type { Session } from './session.ts'

/** An error as plain JSON: so a remembered failure equals a fresh one. */
export type Failure = {
  code: string
  message: string
  fix: string
  facts: Record<string, unknown>
  retryable: boolean
}
export type Outcome<T = unknown> = { ok: true; value: T } | { ok: false; failure: Failure }

/** How a step ended, before it has times: `succeeded` and `failed` from an {@link Outcome}, the others from people. */
export type Ending = {
  state: 'succeeded' | 'failed' | 'skipped' | 'refused' | 'timed-out'
  output: unknown
  error: StepResult['error']
}

/** Runs `act` and returns its outcome as plain JSON; never throws. */
export async function captured<T>(act: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: plain(await act()) as T }
  } catch (thrown) {
    return failed(thrown)
  }
}

export function plain(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(toJson(value))
}

export function failed(thrown: unknown): { ok: false; failure: Failure } {
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

export function endingOf(outcome: Outcome): Ending {
  if (outcome.ok) return { state: 'succeeded', output: outcome.value, error: null }
  const { code, message, fix } = outcome.failure
  return { state: 'failed', output: null, error: { code, message, fix } }
}

/** An error in the form that a step's result stores. */
export function errorOf({ code, summary: message, fix }: CordonError): NonNullable<StepResult['error']> {
  return { code, message, fix }
}

/** Stores a result with its timeline entry, both or neither; returns the one that stands. */
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
  const word = state === 'timed-out' ? 'ran out of time' : state === 'refused' ? 'was refused' : state
  if (!error) return `Step ${stepId} ${word}`
  return printable(`Step ${stepId} ${word}: ${error.message} Fix: ${error.fix}`, 2_000)
}
