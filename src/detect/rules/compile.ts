import type { Environment } from '@marcbachmann/cel-js'
import { type Compiled, compile, type Expression, type Fuel } from '../../kit/cel.ts'
import { canonicalJson, sha256 } from '../../kit/json.ts'
import type { YamlPath } from '../../kit/yaml.ts'
import { environmentFor, valuesView } from './cel.ts'
import { type Rule, secondsOf } from './schema.ts'
import { type Subject, subjects } from './subjects.ts'
import type { CelType, View } from './view.ts'
import { bucketSecondsOf, type WindowShape } from './windows.ts'

/** A rule that is ready to run. Created only by `parseRule`. */
export type CompiledRule = {
  rule: Rule
  file: string
  /** Over the content of the rule, without its tests. */
  contentHash: string
  subject: Subject
  where: Expression
  windows: readonly CompiledWindow[]
  windowView: View<Readonly<Record<string, bigint>>>
  readView: View<Readonly<Record<string, bigint>>>
  when: Expression
  mute: { seconds: number; by: Expression | null } | null
  message: readonly (string | Expression)[]
  actors: readonly Expression[] | null
  victims: readonly Expression[] | null
  fuel: Fuel
}
export type CompiledWindow = { name: string; shape: WindowShape; by: Expression | null; value: Expression }

/** An invalid expression: its place in the rule, and the character in the text. */
export type ExpressionProblem = { path: YamlPath; problem: string; offset: number }
type Result = { kind: 'compiled'; compiled: CompiledRule } | { kind: 'problem'; problem: ExpressionProblem }

/** Checks and compiles every expression of a rule; otherwise returns the first problem. */
export function compileRule(rule: Rule, file: string): Result {
  const problems: ExpressionProblem[] = []
  const { tests: _, ...said } = rule
  const subject = subjects[rule.on] as Subject
  refuseUnknownFields(rule, subject, problems)
  const fuel: Fuel = { steps: 0, block: 0 }
  const early = maker(environmentFor(rule.on, []), fuel, problems)
  const windows = windowsOf(rule, early)
  const windowView = valuesView('Windows', typesOf(windows))
  const readView = valuesView(
    'Reads',
    Object.fromEntries(Object.keys(rule.reads).map((key) => [key, 'Amount'])),
  )
  const extra: [string, View<never>][] = [
    ['window', windowView],
    ['read', readView],
  ]
  const late = maker(environmentFor(rule.on, extra), fuel, problems)
  const compiled: CompiledRule = {
    rule,
    file,
    contentHash: sha256(canonicalJson(said)),
    subject,
    where: early(['where'], rule.where, BOOL),
    windows,
    windowView,
    readView,
    when: late(['when'], rule.when, BOOL),
    mute:
      rule.mute === undefined
        ? null
        : { seconds: secondsOf(rule.mute.for), by: optional(late, ['mute', 'by'], rule.mute.by) },
    message: messageOf(rule.message, late),
    actors: rule.actors?.map((text, i) => late(['actors', i], text, TEXT)) ?? null,
    victims: rule.victims?.map((text, i) => late(['victims', i], text, TEXT)) ?? null,
    fuel,
  }
  const [problem] = problems
  return problem === undefined ? { kind: 'compiled', compiled } : { kind: 'problem', problem }
}

const BOOL = ['bool']
const TEXT = ['string']
const NUMBER = ['Amount', 'int']
const PRINTED = ['string', 'int', 'Amount', 'bool']

type Make = (path: YamlPath, text: string, gives: readonly string[], shift?: number) => Expression

function maker(env: Environment, fuel: Fuel, problems: ExpressionProblem[]): Make {
  return (path, text, gives, shift = 0) => {
    const result: Compiled = compile(text, { env, gives, fuel })
    if (result.kind === 'compiled') return result.run
    problems.push({ path, problem: result.problem, offset: result.offset + shift })
    return () => false
  }
}

function optional(make: Make, path: YamlPath, text: string | undefined): Expression | null {
  return text === undefined ? null : make(path, text, TEXT)
}

function windowsOf(rule: Rule, make: Make): CompiledWindow[] {
  return Object.entries(rule.windows).map(([name, window]) => {
    const at = ['windows', name]
    const bucketSeconds = bucketSecondsOf(secondsOf(window.over))
    const by = optional(make, [...at, 'by'], window.by)
    if ('count' in window)
      return {
        name,
        by,
        shape: { kind: 'count', bucketSeconds },
        value: make([...at, 'count'], window.count, BOOL),
      }
    if ('sum' in window)
      return {
        name,
        by,
        shape: { kind: 'sum', bucketSeconds },
        value: make([...at, 'sum'], window.sum, NUMBER),
      }
    const value = make([...at, 'distinct'], window.distinct, TEXT)
    return { name, by, shape: { kind: 'distinct', bucketSeconds }, value }
  })
}

function typesOf(windows: readonly CompiledWindow[]): Record<string, CelType> {
  return Object.fromEntries(windows.map(({ name, shape }) => [name, shape.kind === 'sum' ? 'Amount' : 'int']))
}

/** `{expression}` in a text is replaced by its result; other braces do not occur. */
function messageOf(text: string, make: Make): (string | Expression)[] {
  const parts: (string | Expression)[] = []
  let end = 0
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    parts.push(text.slice(end, match.index))
    parts.push(make(['message'], match[1] ?? '', PRINTED, match.index + 1))
    end = match.index + match[0].length
  }
  return [...parts, text.slice(end)]
}

function refuseUnknownFields(
  { on, inScope }: Rule,
  { addresses }: Subject,
  problems: ExpressionProblem[],
): void {
  const known = Object.keys(addresses)
  for (const [i, field] of (inScope ?? []).entries())
    if (!known.includes(field))
      problems.push({
        path: ['inScope', i],
        problem: `${field} is no address field of ${on}; there are ${known.join(', ')}`,
        offset: 0,
      })
}
