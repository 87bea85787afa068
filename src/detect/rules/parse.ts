import type { z } from 'zod'
import { CordonError } from '../../kit/error.ts'
import { printable } from '../../kit/text.ts'
import {
  fieldName,
  placeInText,
  placeOf,
  readYaml,
  type YamlPath,
  type YamlPlace,
  type YamlSource,
} from '../../kit/yaml.ts'
import { type CompiledRule, compileRule } from './compile.ts'
import { type Rule, ruleSchema } from './schema.ts'

/**
 * Reads a rule from YAML, validates all of it (expressions and their types included) and compiles it. Throws
 * `detect.InvalidRule` with file, line, column and field.
 *
 * @example
 * const compiled = parseRule(await readFile(file, 'utf8'), file)
 */
export function parseRule(text: string, file: string): CompiledRule {
  const read = readYaml(text)
  if (read.kind === 'broken') throw invalid({ file, field: 'YAML', ...read })
  const { source } = read
  const parsed = ruleSchema.safeParse(read.content)
  if (!parsed.success) throw fromIssue(source, file, parsed.error.issues[0])
  refuseUnknownReads(parsed.data, source, file)
  const result = compileRule(parsed.data, file)
  if (result.kind === 'compiled') return result.compiled
  const { path, problem, offset } = result.problem
  const place = placeInText(source, path, offset)
  throw invalid({ file, field: fieldName(path), place, problem })
}

/** Throws `detect.RepeatedRule` where two rules have the same id. */
export function refuseRepeated(rules: readonly CompiledRule[]): void {
  const files = new Map<string, string>()
  for (const { rule, file } of rules) {
    const first = files.get(rule.id)
    if (first !== undefined)
      throw new CordonError({
        code: 'detect.RepeatedRule',
        message: `Two rules have the id ${rule.id}.`,
        facts: { id: rule.id, first, second: file },
        fix: 'Rename one of them, or remove one file from `rules`.',
      })
    files.set(rule.id, file)
  }
}

function refuseUnknownReads({ reads, tests }: Rule, source: YamlSource, file: string): void {
  for (const [i, test] of tests.entries()) {
    if (!('blocks' in test)) continue
    for (const [j, block] of test.blocks.entries())
      for (const name of Object.keys(block.reads ?? {})) {
        if (Object.hasOwn(reads, name)) continue
        const path = ['tests', i, 'blocks', j, 'reads', name]
        const problem = `the rule has no read ${name}`
        throw invalid({ file, field: fieldName(path), place: placeOf(source, path), problem })
      }
  }
}

/** A union fails as a whole: the branch that got furthest is more informative. */
function deepest(issue: z.core.$ZodIssue): { issue: z.core.$ZodIssue; under: YamlPath } {
  if (issue.code !== 'invalid_union') return { issue, under: [] }
  const candidates = issue.errors.flatMap((branch) => {
    const [first] = branch
    if (
      first === undefined ||
      branch.some(({ path, code }) => path.length === 0 && code !== 'unrecognized_keys')
    )
      return []
    return [deepest(first)]
  })
  const [best] = candidates.sort((a, b) => depthOf(b) - depthOf(a))
  if (best === undefined || depthOf(best) < 2) return { issue, under: [] }
  return { issue: best.issue, under: [...issue.path, ...best.under] }
}

function depthOf({ issue, under }: { issue: z.core.$ZodIssue; under: YamlPath }): number {
  return issue.path.length + under.length
}

function fromIssue(source: YamlSource, file: string, first: z.core.$ZodIssue | undefined): CordonError {
  const { issue, under } = first === undefined ? { issue: undefined, under: [] as YamlPath } : deepest(first)
  const key = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...under, ...(issue?.path ?? []), ...key]
  const problem = issue?.message ?? 'unreadable'
  return invalid({ file, field: fieldName(path), place: placeOf(source, path), problem })
}

type Problem = { file: string; field: string; place: YamlPlace; problem: string }

function invalid({ file, field, place: { line, column }, problem }: Problem): CordonError {
  return new CordonError({
    code: 'detect.InvalidRule',
    message: `The rule ${file} is not valid.`,
    facts: { file, line, column, field, problem: printable(problem, 300) },
    fix: `Correct \`${field}\` in line ${line}, column ${column}; docs/guides/rules.md lists every field, name and function.`,
  })
}
