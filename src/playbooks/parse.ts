import type { z } from 'zod'
import { CordonError } from '../kit/error.ts'
import { canonicalJson, sha256 } from '../kit/json.ts'
import { printable } from '../kit/text.ts'
import { fieldName, placeOf, readYaml, type YamlPath, type YamlSource } from '../kit/yaml.ts'
import { type PinnedPlaybook, type Playbook, playbookSchema } from '../model/playbook.ts'

type Source = YamlSource & { file: string }
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
  const read = readYaml(text)
  if (read.kind === 'broken')
    throw invalid({ file, line: read.place.line, field: 'YAML', problem: read.problem })
  const source = { ...read.source, file }
  const parsed = playbookSchema.safeParse(read.content)
  if (!parsed.success) throw fromIssue(source, parsed.error.issues[0])
  refuseRepeatedSteps(source, parsed.data)
  if (actions) checkActions(source, parsed.data, actions)
  return { contentHash: hashPlaybook(parsed.data), source: text, playbook: parsed.data }
}

/** SHA-256 of a playbook's canonical JSON. */
export function hashPlaybook(playbook: Playbook): string {
  return sha256(canonicalJson(playbook))
}

function refuseRepeatedSteps(source: Source, playbook: Playbook): void {
  const seen = new Set<string>()
  for (const [index, { id }] of playbook.steps.entries()) {
    if (seen.has(id)) {
      const path = ['steps', index, 'id']
      throw invalid({
        file: source.file,
        line: placeOf(source, path).line,
        field: fieldName(path),
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

function fromIssue(source: Source, issue: z.core.$ZodIssue | undefined, under: YamlPath = []): CordonError {
  const key = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...under, ...(issue?.path ?? []), ...key]
  return invalid({
    file: source.file,
    line: placeOf(source, path).line,
    field: fieldName(path),
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
      line: placeOf(source, ['steps', index, 'action']).line,
      step: told.step,
      action: printable(told.action),
      known,
    },
    fix: `Use one of: ${known.join(', ')}.`,
  })
}
