import { isMap, isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { CordonError } from '../kit/error.ts'
import { canonicalJson, sha256 } from '../kit/json.ts'
import { printable } from '../kit/text.ts'
import { type PinnedPlaybook, type Playbook, playbookSchema } from '../model/playbook.ts'

type Source = { file: string; document: ReturnType<typeof parseDocument>; lines: LineCounter }
type Path = readonly PropertyKey[]
/** As much of an action as is needed to check a playbook against it. */
export type KnownAction = { name: string; args: z.ZodType }

/**
 * Reads a playbook from YAML and pins it: the hash is over what it says, not over how it is laid out.
 * With `actions` it also checks every step's action and arguments.
 * Throws `playbooks.InvalidPlaybook` (file, line, field) and `playbooks.UnknownAction`.
 *
 * @example
 * const pinned = parsePlaybook(await readFile(file, 'utf8'), file, actions)
 */
export function parsePlaybook(text: string, file: string, actions?: readonly KnownAction[]): PinnedPlaybook {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const source = { file, document, lines }
  const [syntax] = document.errors
  if (syntax) {
    throw invalid({ file, line: lines.linePos(syntax.pos[0]).line, field: 'YAML', problem: syntax.message })
  }
  const parsed = playbookSchema.safeParse(contentOf(source))
  if (!parsed.success) throw fromIssue(source, parsed.error.issues[0])
  refuseRepeatedSteps(source, parsed.data)
  if (actions) checkActions(source, parsed.data, actions)
  return { contentHash: hashPlaybook(parsed.data), source: text, playbook: parsed.data }
}

/** SHA-256 of a playbook's canonical JSON. */
export function hashPlaybook(playbook: Playbook): string {
  return sha256(canonicalJson(playbook))
}

/** Aliases that blow up are refused by the YAML reader while it resolves them. */
function contentOf({ document, file }: Source): unknown {
  try {
    return document.toJS()
  } catch (thrown) {
    throw invalid({ file, line: 1, field: 'YAML', problem: String(thrown) })
  }
}

function refuseRepeatedSteps(source: Source, playbook: Playbook): void {
  const seen = new Set<string>()
  for (const [index, { id }] of playbook.steps.entries()) {
    if (seen.has(id)) {
      const path = ['steps', index, 'id']
      throw invalid({
        file: source.file,
        line: lineOf(source, path),
        field: nameOf(path),
        problem: `step ${id} is there twice`,
      })
    }
    seen.add(id)
  }
}

function checkActions(source: Source, playbook: Playbook, actions: readonly KnownAction[]): void {
  for (const [index, step] of playbook.steps.entries()) {
    const action = actions.find(({ name }) => name === step.action)
    if (!action) throw unknownAction(source, index, { step: step.id, action: step.action, actions })
    const args = action.args.safeParse(step.args)
    if (!args.success) throw fromIssue(source, args.error.issues[0], ['steps', index, 'args'])
  }
}

function fromIssue(source: Source, issue: z.core.$ZodIssue | undefined, under: Path = []): CordonError {
  const key = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...under, ...(issue?.path ?? []), ...key]
  return invalid({
    file: source.file,
    line: lineOf(source, path),
    field: nameOf(path),
    problem: issue?.message ?? 'unreadable',
  })
}

type Problem = { file: string; line: number; field: string; problem: string }

function invalid({ file, line, field, problem }: Problem): CordonError {
  return new CordonError({
    code: 'playbooks.InvalidPlaybook',
    message: `The playbook ${file} is not valid.`,
    facts: { file, line, field, problem: printable(problem, 200) },
    fix: `Correct \`${field}\` in line ${line}; docs/schemas/playbook.schema.json lists what is allowed.`,
  })
}

function unknownAction(
  source: Source,
  index: number,
  told: { step: string; action: string; actions: readonly KnownAction[] },
): CordonError {
  const known = told.actions.map(({ name }) => name).sort()
  return new CordonError({
    code: 'playbooks.UnknownAction',
    message: `Step ${told.step} asks for an action that does not exist.`,
    facts: {
      file: source.file,
      line: lineOf(source, ['steps', index, 'action']),
      step: told.step,
      action: printable(told.action),
      known,
    },
    fix: `Use one of: ${known.join(', ')}.`,
  })
}

/** The line of a field, or of the nearest thing around it that is there. */
function lineOf(source: Source, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const start = startOf(source, path.slice(0, length))
    if (start !== undefined) return source.lines.linePos(start).line
  }
  return 1
}

function startOf({ document }: Source, path: Path): number | undefined {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  const name = path.at(-1)
  if (isMap(parent) && name !== undefined) {
    const pair = parent.items.find(({ key }) => isNode(key) && String(key) === String(name))
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined
  }
  const node = path.length === 0 ? document.contents : document.getIn(path, true)
  return isNode(node) ? node.range?.[0] : undefined
}

function nameOf(path: Path): string {
  const name = path.reduce<string>((whole, part) => {
    if (typeof part === 'number') return `${whole}[${part}]`
    return whole ? `${whole}.${String(part)}` : String(part)
  }, '')
  return name || 'the whole file'
}
