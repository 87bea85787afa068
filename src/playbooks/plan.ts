import type { PinnedPlaybook, Step } from '../model/playbook.ts'
import { listsUnder } from './walk.ts'

/** A step in a dry run: nothing is decided, so both branches of every condition are included. */
export type PlanLine = {
  depth: number
  id: string
  block: string
  what: string
  /** `then`, `else`, `branch 1`, `onTimeout`, … where it begins such a list. */
  under: string | null
}

/** The steps of a run, in order, with conditions undecided. */
export function planOf(pinned: PinnedPlaybook): PlanLine[] {
  return linesOf(pinned.playbook.steps, { depth: 0, under: null, pinned })
}

type At = { depth: number; under: string | null; pinned: PinnedPlaybook }

function linesOf(steps: readonly Step[], { depth, under, pinned }: At): PlanLine[] {
  return steps.flatMap((step, index) => {
    const { block, what } = described(step)
    const line = { depth, id: step.id, block, what, under: index === 0 ? under : null }
    const inner = listsUnder(step).flatMap(({ path, steps: below }) =>
      linesOf(below, { depth: depth + 1, under: nameOf(path), pinned }),
    )
    const called = 'playbook' in step ? (pinned.parts?.[step.playbook] ?? []) : []
    return [line, ...linesOf(called, { depth: depth + 1, under: 'its steps', pinned }), ...inner]
  })
}

function nameOf([field, index]: readonly PropertyKey[]): string {
  return field === 'parallel' ? `branch ${Number(index) + 1}` : String(field)
}

function described(step: Step): { block: string; what: string } {
  if ('action' in step) return { block: 'action', what: `${step.action} ${JSON.stringify(step.args)}` }
  if ('parallel' in step) return { block: 'parallel', what: `${step.parallel.length} branches at once` }
  if ('if' in step) return { block: 'if', what: `${step.if} (undecided)` }
  if ('forEach' in step) return { block: 'forEach', what: `each item of ${step.forEach} (undecided)` }
  if ('playbook' in step) return { block: 'playbook', what: step.playbook }
  if ('task' in step)
    return { block: 'task', what: `${step.task.roles.join(', ')}: ${step.task.title} (${step.task.timeout})` }
  if ('approval' in step) {
    const { roles, quorum, title, ttl } = step.approval
    return { block: 'approval', what: `${quorum} of ${roles.join(', ')}: ${title} (${ttl})` }
  }
  const { wait } = step
  return { block: 'wait', what: 'for' in wait ? wait.for : `for ${wait.signal}, at most ${wait.timeout}` }
}
