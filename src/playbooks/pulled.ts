import type { Parts, PinnedPlaybook, Step } from '../model/playbook.ts'
import { compileExpression } from './expressions.ts'
import { walk } from './walk.ts'

/** A `contain` step whose proposals nothing has pulled yet, and the step that waits for people meanwhile. */
type Open = { stepId: string; waitsFor: string | null }
type Reading = { parts: Parts; askedOf: ReadonlySet<string>; problems: string[] }

/**
 * The missing parts of a playbook as a response: it must contain, and pull the levers that people sign without another
 * decision; or state in `notContained` why it does not. Empty if nothing is missing.
 */
export function lacksOf({ playbook, parts = {} }: PinnedPlaybook): string[] {
  const all = [playbook.steps, ...Object.values(parts)].flatMap((steps) => [...walk(steps)])
  const contains = all.some(({ step }) => isAction(step, 'contain'))
  if (!contains)
    return playbook.notContained === undefined
      ? ['it has no contain step and does not say why: add one, or the reason as `notContained`']
      : []
  const askedOf = all.filter(({ step }) => 'task' in step || 'approval' in step).map(({ step }) => step.id)
  const reading: Reading = { parts, askedOf: new Set(askedOf), problems: [] }
  const left = read(playbook.steps, [], reading)
  const problems = [
    ...(playbook.notContained === undefined
      ? []
      : ['it contains, and says in `notContained` that it does not']),
    ...reading.problems,
    ...left.map(
      ({ stepId }) => `no step pulls what people approve after step ${stepId}: add a pull-approved step`,
    ),
  ]
  return [...new Set(problems)]
}

function isAction(step: Step, name: string): boolean {
  return 'action' in step && step.action === name
}

/** Reads a list in order; returns the proposals still open at its end. */
function read(steps: readonly Step[], open: readonly Open[], reading: Reading): readonly Open[] {
  return steps.reduce((left, step) => after(step, left, reading), open)
}

function after(step: Step, open: readonly Open[], reading: Reading): readonly Open[] {
  const own = within(step, open, reading)
  // steps for a failure or for the end of a wait run only sometimes: they pull nothing that was open before
  const apart = [step.recover, step.compensate, 'onTimeout' in step ? step.onTimeout : undefined].flatMap(
    (list) => read(list ?? [], [], reading),
  )
  return [...own, ...apart]
}

function within(step: Step, open: readonly Open[], reading: Reading): readonly Open[] {
  if (isAction(step, 'contain')) return [...open, { stepId: step.id, waitsFor: null }]
  if (isAction(step, 'pull-approved')) return pulled(open, reading)
  if ('task' in step || 'approval' in step || 'wait' in step)
    return open.map((one) => ({ ...one, waitsFor: one.waitsFor ?? step.id }))
  if ('playbook' in step) return read(reading.parts[step.playbook] ?? [], open, reading)
  if ('forEach' in step) return read(step.steps, open, reading)
  if ('parallel' in step) return beside(step.parallel, open, reading)
  if (!('if' in step)) return open
  const ways = [step.then, step.else ?? []]
  if (!asksPeople(step.if, reading)) return beside(ways, open, reading)
  return [...open, ...ways.flatMap((way) => read(way, [], reading))]
}

/** A lever that one of the lists pulls counts as pulled; one that any of them opens counts as open. */
function beside(
  lists: readonly (readonly Step[])[],
  open: readonly Open[],
  reading: Reading,
): readonly Open[] {
  const ends = lists.map((list) => read(list, open, reading))
  const before = open.flatMap(({ stepId }) => {
    const left = ends.map((end) => end.find((one) => one.stepId === stepId))
    if (left.some((one) => one === undefined)) return []
    return left.find((one) => one?.waitsFor != null) ?? left[0] ?? []
  })
  const known = new Set(open.map(({ stepId }) => stepId))
  return [...before, ...ends.flatMap((end) => end.filter(({ stepId }) => !known.has(stepId)))]
}

function pulled(open: readonly Open[], { problems }: Reading): readonly Open[] {
  for (const { stepId, waitsFor } of open)
    if (waitsFor !== null)
      problems.push(`what people approve after step ${stepId} is pulled only when step ${waitsFor} has ended`)
  return []
}

/** True if a condition depends on people's answers. */
function asksPeople(condition: string, { askedOf }: Reading): boolean {
  const { compiled } = compileExpression(condition, 'bool')
  if (compiled.kind === 'problem') return false
  return compiled.mentions.some((mention) => {
    const [root, name = ''] = mention.split('.')
    return root === 'steps' && (askedOf.has(name) || askedOf.has(name.replaceAll('_', '-')))
  })
}
