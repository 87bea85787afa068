import type { Cacao, CacaoStep } from './schema.ts'

/** Maximum number of steps on one path through a playbook. */
const MOST_STEPS = 500
/** Maximum nesting of branches that is followed; deeper ones have no common step. */
const MOST_DEPTH = 20

/**
 * The step that comes after this one and after all its branches: the one that it names, otherwise the first that each
 * of its branches reaches. Undefined if there is none.
 */
export function nextAfter(playbook: Cacao, id: string, depth = 0): string | undefined {
  const step: CacaoStep | undefined = playbook.workflow[id]
  if (step === undefined || depth > MOST_DEPTH) return undefined
  const named = step.on_completion ?? step.on_success
  if (named !== undefined) return named
  const branches = branchesOf(step)
  if (branches.length < 2) return undefined
  const [first = [], ...others] = branches.map((branch) => wayFrom(playbook, branch, depth + 1))
  return first.find((common) => others.every((way) => way.includes(common)))
}

function branchesOf(step: CacaoStep): string[] {
  if (step.type === 'parallel') return step.next_steps
  if (step.type === 'if-condition' && step.on_false !== undefined) return [step.on_true, step.on_false]
  return []
}

/** The steps from one to an end, branches left out; it stops where it would run in a circle. */
function wayFrom(playbook: Cacao, from: string, depth: number): string[] {
  const way: string[] = []
  for (let id: string | undefined = from; id !== undefined; id = nextAfter(playbook, id, depth)) {
    if (playbook.workflow[id]?.type === 'end' || way.includes(id) || way.length > MOST_STEPS) break
    way.push(id)
  }
  return way
}
