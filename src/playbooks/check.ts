import type { z } from 'zod'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import { placeOf, type YamlPath } from '../kit/yaml.ts'
import type { ActionStep, Playbook, Step } from '../model/playbook.ts'
import { compileExpression } from './expressions.ts'
import { fromIssue, invalidAt, invalidIn, type Source } from './problem.ts'
import { isWhole, pathsIn } from './template.ts'
import { walk } from './walk.ts'

/** The parts of an action that are needed to check a playbook against it. */
export type KnownAction = { name: string; args: z.ZodType }

const MOST_STEPS = 500
const DEEPEST = 12

/** Checks everything that the schema cannot: ids, expressions, templates, references. Throws the first problem. */
export function checkSteps(source: Source, playbook: Playbook): void {
  const ids = new Set<string>()
  const walked = [...walk(playbook.steps)]
  if (walked.length > MOST_STEPS) throw invalidAt(source, ['steps'], `more than ${MOST_STEPS} steps`)
  for (const { step, path } of walked) {
    if (ids.has(step.id)) throw invalidAt(source, [...path, 'id'], `there are two steps ${step.id}`)
    if (path.length > DEEPEST * 3) throw invalidAt(source, path, `blocks in blocks more than ${DEEPEST} deep`)
    ids.add(step.id)
  }
  const known = new Set([...ids, ...[...ids].map((id) => id.replaceAll('-', '_'))])
  for (const { step, path, looped } of walked) {
    checkExpression(source, { step, path, known, looped })
    for (const text of textsOf(step))
      checkTemplate(source, [...path, ...text.path], { ...text, known, looped })
  }
}

type At = { step: Step; path: YamlPath; known: ReadonlySet<string>; looped: boolean }

function checkExpression(source: Source, { step, path, known, looped }: At): void {
  const found =
    'if' in step
      ? ({ field: 'if', text: step.if, gives: 'bool' } as const)
      : 'forEach' in step
        ? ({ field: 'forEach', text: step.forEach, gives: 'list' } as const)
        : undefined
  if (found === undefined) return
  const { compiled } = compileExpression(found.text, found.gives)
  const at = [...path, found.field]
  if (compiled.kind === 'problem') throw invalidIn(source, at, compiled)
  for (const mention of compiled.mentions) refuseUnknown(source, at, { mention, known })
  if (!looped && /\bitem\b/.test(found.text.replace(/"[^"]*"|'[^']*'/g, '')) && !bindsItem(found.text))
    throw invalidAt(source, at, 'item exists only in the steps of a forEach')
}

/** `list.exists(item, …)` binds its own `item`. */
function bindsItem(text: string): boolean {
  return /\(\s*item\s*,/.test(text)
}

const INCIDENT = new Set([
  ...['id', 'kind', 'state', 'title', 'chainId', 'severity', 'categories', 'protected', 'victims', 'actors'],
  ...['transactions', 'startedAt', 'discoveredAt'],
])
const ALERT = new Set([
  ...['severity', 'confidence', 'pending', 'categories', 'transactionHash', 'blockNumber', 'message'],
  ...['detectors', 'probability', 'count'],
])

function refuseUnknown(
  source: Source,
  at: YamlPath,
  { mention, known }: { mention: string; known: ReadonlySet<string> },
): void {
  const [root, name = ''] = mention.split('.')
  const fields =
    root === 'steps' ? known : root === 'incident' ? INCIDENT : root === 'alert' ? ALERT : undefined
  if (fields === undefined || fields.has(name)) return
  const what = root === 'steps' ? 'there is no step' : `the ${root} has no field`
  throw invalidAt(source, at, `${what} ${printable(name, 60)}`)
}

type Text = { path: YamlPath; text: string }

/** Texts of a step that may contain templates. */
function textsOf(step: Step): Text[] {
  if ('action' in step) return [...textsIn(step.args, ['args'])]
  if ('task' in step) return [...textsIn(step.task, ['task'])]
  if ('approval' in step) return [...textsIn(step.approval, ['approval'])]
  return []
}

function* textsIn(value: unknown, path: YamlPath): Generator<Text> {
  if (typeof value === 'string') yield { path, text: value }
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value))
      yield* textsIn(inner, [...path, Array.isArray(value) ? Number(key) : key])
}

function checkTemplate(
  source: Source,
  at: YamlPath,
  { text, known, looped }: { text: string; known: ReadonlySet<string>; looped: boolean },
): void {
  const { paths, problem } = pathsIn(text)
  if (problem !== null) throw invalidAt(source, at, problem)
  for (const path of paths) {
    const [root = '', name] = path.replaceAll('[', '.').split('.')
    if (root === 'item' && !looped) throw invalidAt(source, at, 'item exists only in the steps of a forEach')
    if (name !== undefined) refuseUnknown(source, at, { mention: `${root}.${name}`, known })
  }
}

/** Checks that every action exists, and that its arguments fit it as far as templates allow. */
export function checkActions(source: Source, playbook: Playbook, actions: readonly KnownAction[]): void {
  for (const { step, path } of walk(playbook.steps)) {
    if (!('action' in step)) continue
    const action = actions.find(({ name }) => name === step.action)
    if (!action) throw unknownAction(source, path, { step, actions })
    const args = action.args.safeParse(step.args)
    const issue = args.error?.issues.find((found) => !isFilled(step.args, found.path))
    if (issue) throw fromIssue(source, issue, { content: step.args, under: [...path, 'args'] })
  }
}

/** True if a value comes from a template, so that only the run knows it. */
function isFilled(args: unknown, path: YamlPath): boolean {
  let value = args
  for (const name of path) {
    if (typeof value === 'string') break
    value = (value as Record<PropertyKey, unknown> | undefined | null)?.[name]
  }
  return typeof value === 'string' && isWhole(value)
}

function unknownAction(
  source: Source,
  path: YamlPath,
  { step, actions }: { step: ActionStep; actions: readonly KnownAction[] },
): CordonError {
  const known = actions.map(({ name }) => name).sort()
  return new CordonError({
    code: 'playbooks.UnknownAction',
    message: `Step ${step.id} names an action that does not exist.`,
    facts: {
      file: source.file,
      line: placeOf(source, [...path, 'action']).line,
      step: step.id,
      action: printable(step.action),
      known,
    },
    fix: `Use one of: ${known.join(', ')}.`,
  })
}
