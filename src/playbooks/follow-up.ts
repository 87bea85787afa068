import { toJson } from '../kit/json.ts'
import type { ActionStep, PinnedPlaybook, Step } from '../model/playbook.ts'
import { hashPlaybook, parsePlaybook } from './parse.ts'
import { walk } from './walk.ts'

/**
 * The playbook that answers a further attack while people work on the incident: the original playbook's own
 * containment, as far as it comes before people are asked; then it notifies the people who can act, unless the same
 * call waits for them already, and pulls the levers that they approve. The whole playbook if its containment cannot be
 * separated from the rest.
 */
export function followUpOf(pinned: PinnedPlaybook): PinnedPlaybook {
  const { playbook, parts } = pinned
  const containment = containmentIn(playbook.steps)
  const named = [...walk(containment)].flatMap(({ step }) => (isContain(step) ? [step] : []))
  if (named.length === 0) return pinned
  const content = {
    ...playbook,
    title: `${playbook.title} (a further attack)`,
    steps: [...containment, ...afterwards(named, pullApprovedIn(pinned))],
  }
  try {
    const followUp = parsePlaybook(toJson(content), `${playbook.id} (a further attack)`)
    if (parts === undefined) return followUp
    return { ...followUp, parts, contentHash: hashPlaybook(followUp.playbook, parts) }
  } catch {
    // a condition refers to a step that is missing
    return pinned
  }
}

/** The steps that contain, with their enclosing blocks, up to the first that waits for somebody. */
function containmentIn(steps: readonly Step[]): Step[] {
  const kept: Step[] = []
  for (const step of steps) {
    if (waits(step)) break
    kept.push(...containmentOf(step))
    if ([...walk([step])].some((inner) => waits(inner.step))) break
  }
  return kept
}

function containmentOf(step: Step): Step[] {
  if (isContain(step)) return [step]
  if ('if' in step) {
    const [then, otherwise] = [containmentIn(step.then), containmentIn(step.else ?? [])]
    if (then.length === 0) return otherwise.length === 0 ? [] : [step]
    return [{ ...step, then, else: otherwise.length === 0 ? undefined : otherwise }]
  }
  if ('forEach' in step) {
    const inner = containmentIn(step.steps)
    return inner.length === 0 ? [] : [{ ...step, steps: inner }]
  }
  if (!('parallel' in step)) return []
  const branches = step.parallel.map(containmentIn).filter((branch) => branch.length > 0)
  return branches.length > 1 ? [{ ...step, parallel: branches }] : branches.flat()
}

function isContain(step: Step): step is ActionStep {
  return 'action' in step && step.action === 'contain'
}

function waits(step: Step): boolean {
  if ('action' in step) return step.action === 'pull-approved'
  return 'task' in step || 'approval' in step || 'wait' in step
}

/** The step that carries out the plans that people approve, at any depth. */
export function pullApprovedIn({ playbook, parts = {} }: PinnedPlaybook): ActionStep | undefined {
  for (const steps of [playbook.steps, ...Object.values(parts)])
    for (const { step } of walk(steps)) if ('action' in step && step.action === 'pull-approved') return step
  return undefined
}

const ROLES = ['incident-leader', 'guardian', 'operations']

function afterwards(contain: readonly ActionStep[], pullApproved: ActionStep | undefined): Step[] {
  const any = (test: (step: string) => string): string =>
    contain.map(({ id }) => test(`steps.${id.replaceAll('-', '_')}`)).join(' || ')
  const isNews = any(
    (step) => `${step}.state != "succeeded" || ${step}.output.exists(o, o.outcome != "still-proposed")`,
  )
  const isProposed = any(
    (step) => `${step}.state == "succeeded" && ${step}.output.exists(o, o.outcome == "proposed")`,
  )
  const tell: Step = {
    id: 'tell-of-further-attack',
    onFailure: 'continue',
    action: 'notify',
    args: {
      roles: ROLES,
      title: 'Response to a further attack',
      body: 'Another attack came while people worked on the incident. The timeline shows the response, or why there was none.',
    },
    retry: { attempts: 3, delayMs: 500 },
  }
  const told = conditional('news-of-further-attack', isNews, tell)
  if (pullApproved === undefined) return [told]
  const pull: Step = {
    id: 'approved-for-further-attack',
    onFailure: 'continue',
    action: 'pull-approved',
    args: pullApproved.args,
  }
  return [told, conditional('proposed-for-further-attack', `people && (${isProposed})`, pull)]
}

function conditional(id: string, condition: string, step: Step): Step {
  // biome-ignore lint/suspicious/noThenProperty: the word of the language; a step is never awaited
  return { id, onFailure: 'continue', if: condition, then: [step] }
}
