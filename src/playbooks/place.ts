import type { PinnedPlaybook, Step, StepResult } from '../model/playbook.ts'
import { walk } from './walk.ts'

/**
 * The position in a run where a list of steps runs: under which playbook steps, in which iterations of which loops.
 * Plain JSON, because the workflows of a run pass it on. Absent in runs of an older Cordon: the root.
 */
export type Place = {
  /** The playbook whose steps these are; null for the run's own. */
  playbookId: string | null
  /** `call/` for the steps under the playbook step `call`. */
  prefix: string
  /** Iterations of the loops around, outermost first. */
  turns: number[]
  /** `item` of the innermost loop. */
  item: unknown
}

export const ROOT: Place = { playbookId: null, prefix: '', turns: [], item: null }

/** The step's id in the run's results: distinct for each time that it runs. */
export function keyOf({ prefix, turns }: Place, stepId: string): string {
  return `${prefix}${stepId}${turns.length === 0 ? '' : `[${turns.join('.')}]`}`
}

/** Under a playbook step. */
export function placeUnder(place: Place, stepId: string, playbookId: string): Place {
  return { playbookId, prefix: `${keyOf(place, stepId)}/`, turns: [], item: null }
}

/** In an iteration of a loop. */
export function placeInTurn(place: Place, turn: number, item: unknown): Place {
  return { ...place, turns: [...place.turns, turn], item }
}

export function stepsAt(pinned: PinnedPlaybook, { playbookId }: Place): readonly Step[] {
  return playbookId === null ? pinned.playbook.steps : (pinned.parts?.[playbookId] ?? [])
}

/** The step of that id at a position. */
export function stepAt(pinned: PinnedPlaybook, place: Place, stepId: string): Step | undefined {
  for (const { step } of walk(stepsAt(pinned, place))) if (step.id === stepId) return step
  return undefined
}

const KEY = /^([a-z0-9-]+)(?:\[([\d.]+)\])?$/

/** Results that a position sees, by step id: those of its own playbook; of a loop the ones of the same iteration. */
export function visibleFrom(place: Place, results: readonly StepResult[]): Map<string, StepResult> {
  const seen = new Map<string, { depth: number; result: StepResult }>()
  const here = place.turns.join('.')
  for (const result of results) {
    if (!result.stepId.startsWith(place.prefix)) continue
    const [, id, turns = ''] = KEY.exec(result.stepId.slice(place.prefix.length)) ?? []
    if (id === undefined || !(turns === '' || here === turns || here.startsWith(`${turns}.`))) continue
    if ((seen.get(id)?.depth ?? -1) < turns.length) seen.set(id, { depth: turns.length, result })
  }
  return new Map([...seen].map(([id, { result }]) => [id, result]))
}
