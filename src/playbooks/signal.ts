import type { Clock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type { PinnedPlaybook, Run, Signal, Step } from '../model/playbook.ts'
import { findPlaybook } from '../store/playbooks.ts'
import { findRun } from '../store/runs.ts'
import { insertSignal } from '../store/signals.ts'
import { type Store, transaction } from '../store/store.ts'
import { appendTimeline } from '../store/timeline.ts'
import { walk } from './walk.ts'

const LONGEST_NOTE = 1_000

/**
 * Records a person's answer to a run, with its timeline entry, before it wakes anything. It may come before the step
 * waits. Throws `playbooks.UnknownRun`, `playbooks.UnknownStep`, `playbooks.NotWaiting`, `playbooks.NotInRole`,
 * `playbooks.NotSigned`.
 */
export async function giveSignal(
  { store, clock }: { store: Store; clock: Clock },
  given: Omit<Signal, 'givenAt'>,
): Promise<Signal> {
  const signal: Signal = {
    ...given,
    author: printable(given.author, 80),
    note: printable(given.note, LONGEST_NOTE),
    givenAt: clock.now(),
  }
  await transaction(store, async (tx) => {
    const run = await findRun(tx, signal.runId)
    const pinned = run && (await findPlaybook(tx, run.contentHash))
    if (run === undefined || pinned === undefined) throw unknownRun(signal.runId)
    refuse(run, pinned, signal)
    await insertSignal(tx, signal)
    await appendTimeline(tx, {
      incidentId: run.incidentId,
      kind: 'answer',
      eventTime: signal.givenAt,
      discoveryTime: signal.givenAt,
      author: signal.author,
      message: `${signal.author} says ${signal.answer} to ${signal.target}${signal.note === '' ? '' : `: ${signal.note}`}`,
      facts: { playbookId: run.playbookId, ...signal },
    })
  })
  return signal
}

function refuse(run: Run, pinned: PinnedPlaybook, { target, roles, author, proof }: Signal): void {
  const known = waitingSteps(pinned)
  const step = known.find(({ names }) => names.includes(idOf(target)))?.step
  if (step === undefined) throw unknownStep(target, known)
  if (run.state !== 'running' || run.steps.some(({ stepId }) => stepId === target))
    throw notWaiting(run, target)
  if ('approval' in step && !step.approval.roles.some((role) => roles.includes(role)))
    throw notInRole(author, target, step.approval.roles)
  if ('approval' in step && proof === 'unsigned') throw notSigned(author, target)
}

/** `call/ask[2]` → `ask`. */
function idOf(target: string): string {
  return target.slice(target.lastIndexOf('/') + 1).replace(/\[[\d.]*\]$/, '')
}

type Waiting = { step: Step; names: string[] }

function waitingSteps({ playbook, parts = {} }: PinnedPlaybook): Waiting[] {
  return [playbook.steps, ...Object.values(parts)].flatMap((steps) =>
    [...walk(steps)].flatMap(({ step }): Waiting[] => {
      if ('task' in step || 'approval' in step) return [{ step, names: [step.id] }]
      if ('wait' in step && 'signal' in step.wait) return [{ step, names: [step.id, step.wait.signal] }]
      return []
    }),
  )
}

function unknownRun(runId: string): CordonError {
  return new CordonError({
    code: 'playbooks.UnknownRun',
    message: 'There is no such run.',
    facts: { runId: printable(runId) },
    fix: 'Use the id on the timeline: `cordon incidents show INCIDENT`.',
  })
}

function unknownStep(target: string, known: readonly Waiting[]): CordonError {
  return new CordonError({
    code: 'playbooks.UnknownStep',
    message: 'This run has no step of this name that waits for people.',
    facts: { step: printable(target), known: known.flatMap(({ names }) => names) },
    fix: 'Use one of the known steps. A step in a loop includes its turn (`ask[0]`); a step in an inner playbook includes the outer step (`call/ask`).',
  })
}

function notWaiting(run: Run, target: string): CordonError {
  return new CordonError({
    code: 'playbooks.NotWaiting',
    message: 'This step no longer waits for an answer.',
    facts: { run: run.id, state: run.state, step: printable(target) },
    fix: 'See the decision with `cordon incidents show INCIDENT`. Add what you know as a note there.',
  })
}

function notInRole(author: string, target: string, roles: readonly string[]): CordonError {
  return new CordonError({
    code: 'playbooks.NotInRole',
    message: `${author} has none of the roles that may approve this.`,
    facts: { step: printable(target), roles },
    fix: 'Ask somebody in these roles, or add the person to `roles` in cordon.config.ts.',
  })
}

function notSigned(author: string, target: string): CordonError {
  return new CordonError({
    code: 'playbooks.NotSigned',
    message: `${author} has an address in the configuration and must sign with it.`,
    facts: { step: printable(target) },
    fix: 'Sign it: `cordon playbooks signal … --sign` if the key is a signer of the configuration, otherwise --signature 0x….',
  })
}
