import type { YamlPath } from '../kit/yaml.ts'
import type { Step } from '../model/playbook.ts'

/** A list of steps under a step, and its field. */
export type Under = { path: YamlPath; steps: readonly Step[] }
export type Walked = {
  step: Step
  path: YamlPath /** In the list of a `forEach`, so that `item` is there. */
  looped: boolean
}

/** The lists of steps that a step holds. */
export function listsUnder(step: Step): Under[] {
  const lists: Under[] = []
  const add = (path: YamlPath, steps: readonly Step[] | undefined): void => {
    if (steps !== undefined) lists.push({ path, steps })
  }
  if ('parallel' in step)
    step.parallel.forEach((branch, index) => {
      add(['parallel', index], branch)
    })
  if ('if' in step) {
    add(['then'], step.then)
    add(['else'], step.else)
  }
  if ('forEach' in step) add(['steps'], step.steps)
  if ('onTimeout' in step) add(['onTimeout'], step.onTimeout)
  add(['recover'], step.recover)
  add(['compensate'], step.compensate)
  return lists
}

/** Every step of a list and of the lists under it, in text order. */
export function* walk(steps: readonly Step[], path: YamlPath = ['steps'], looped = false): Generator<Walked> {
  for (const [index, step] of steps.entries()) {
    const here = [...path, index]
    yield { step, path: here, looped }
    for (const under of listsUnder(step))
      yield* walk(
        under.steps,
        [...here, ...under.path],
        looped || ('forEach' in step && under.path[0] === 'steps'),
      )
  }
}
