import type { z } from 'zod'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import { fieldName, placeInText, placeOf, type YamlPath, type YamlSource } from '../kit/yaml.ts'
import { blocks } from '../model/playbook.ts'

/** A playbook's text with the name of its file. */
export type Source = YamlSource & { file: string }

export type Problem = { file: string; line: number; field: string; problem: string }

/** `playbooks.InvalidPlaybook` for a problem in a file, with its line and field. */
export function invalid({ file, line, field, problem }: Problem): CordonError {
  return new CordonError({
    code: 'playbooks.InvalidPlaybook',
    message: `The playbook ${file} is not valid.`,
    facts: { file, line, field, problem: printable(problem, 200) },
    fix: `Correct \`${field}\` in line ${line}; docs/schemas/playbook.schema.json lists what is allowed.`,
  })
}

export function invalidAt(source: Source, path: YamlPath, problem: string): CordonError {
  return invalid({ file: source.file, line: placeOf(source, path).line, field: fieldName(path), problem })
}

/** For a character of a text field. */
export function invalidIn(
  source: Source,
  path: YamlPath,
  { problem, offset }: { problem: string; offset: number },
): CordonError {
  const { line } = placeInText(source, path, offset)
  return invalid({ file: source.file, line, field: fieldName(path), problem })
}

/** A Zod issue as a problem of the file. `content` is the parsed value. */
export function fromIssue(
  source: Source,
  found: z.core.$ZodIssue | undefined,
  { content, under = [] }: { content: unknown; under?: YamlPath },
): CordonError {
  const { issue, path: at } = narrowed(found, content)
  const key = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  return invalidAt(source, [...under, ...at, ...key], issue?.message ?? 'unreadable')
}

type Narrowed = { issue: z.core.$ZodIssue | undefined; path: PropertyKey[] }

/** A step fits none of the blocks: the problem is the one of the block that its keyword names. */
function narrowed(issue: z.core.$ZodIssue | undefined, content: unknown): Narrowed {
  const path = [...(issue?.path ?? [])]
  if (issue?.code !== 'invalid_union') return { issue, path }
  const value = path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[name] : undefined,
    content,
  )
  const meant = branchOf(value, issue.errors.length)
  if (meant === undefined) {
    const message = `a step needs one of ${blocks.join(', ')}`
    return { issue: issue.errors.length === blocks.length ? { ...issue, message } : issue, path }
  }
  const under = narrowed(issue.errors[meant]?.[0], value)
  return { issue: under.issue, path: [...path, ...under.path] }
}

function branchOf(value: unknown, options: number): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (options === blocks.length) {
    const index = blocks.findIndex((word) => Object.hasOwn(value, word))
    return index < 0 ? undefined : index
  }
  return Object.hasOwn(value, 'signal') ? 1 : 0
}
