import { type Environment, EvaluationError } from '@marcbachmann/cel-js'

/** Maximum steps of comprehensions (`all`, `exists`, `map`, `filter`) per evaluation. */
const MOST_STEPS = 10_000

/** Limits on the size of an expression, for every environment. */
export const CEL_LIMITS = {
  maxAstNodes: 2_000,
  maxDepth: 40,
  maxListElements: 500,
  maxMapEntries: 50,
  maxCallArguments: 8,
}

/** The rest of a budget. The owner of the fuel refills `block`; `steps` is refilled before every use. */
export type Fuel = { steps: number; block: number }

/** A compiled expression: throws `EvaluationError` where the data do not fit it or the fuel is used up. */
export type Expression = (variables: Readonly<Record<string, unknown>>) => unknown
export type Compiled =
  | { kind: 'compiled'; run: Expression; type: string; mentions: readonly string[] }
  /** `offset`: character of the text. */
  | { kind: 'problem'; problem: string; offset: number }

/** Parses and checks an expression; it must give one of the types. Limits: docs/adr/0005-rules-in-cel.md. */
export function compile(
  text: string,
  { env, gives, fuel }: { env: Environment; gives: readonly string[]; fuel: Fuel },
): Compiled {
  try {
    const parsed = env.parse(text)
    const { valid, type = 'dyn', error } = parsed.check()
    if (!valid) return problemOf(error)
    const refused = refusal(parsed.ast)
    if (refused !== undefined) return refused
    if (!gives.includes(type))
      return { kind: 'problem', offset: 0, problem: `must give ${gives.join(' or ')}, and gives ${type}` }
    meter(parsed.ast, fuel)
    return {
      kind: 'compiled',
      type,
      mentions: mentionsOf(parsed.ast),
      run: (variables) => {
        fuel.steps = MOST_STEPS
        return parsed(variables)
      },
    }
  } catch (thrown) {
    return problemOf(thrown)
  }
}

function problemOf(thrown: unknown): Compiled {
  const { summary, message, range } = thrown as {
    summary?: string
    message?: string
    range?: { start: number }
  }
  return { kind: 'problem', problem: summary ?? message ?? String(thrown), offset: range?.start ?? 0 }
}

/** The parser's node of an expression, as far as it is used here. */
type Node = {
  op: string
  args: unknown
  start: number
  meta: Meta
  setMeta(key: string, value: unknown): unknown
}
type Meta = { alternate?: unknown; evaluate: (...args: unknown[]) => unknown }

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'meta' in value && 'setMeta' in value
}

/** Every node of an expression, including those that macros expand to. */
function nodesOf(value: unknown, found: Set<Node> = new Set()): Set<Node> {
  if (typeof value !== 'object' || value === null) return found
  if (isNode(value)) {
    if (found.has(value)) return found
    found.add(value)
    nodesOf(value.meta.alternate, found)
    return nodesOf(value.args, found)
  }
  // Contexts of the type checker are attached to the nodes too: only plain objects and arrays belong to the expression.
  if (Array.isArray(value) || value.constructor === Object)
    for (const inner of Object.values(value)) nodesOf(inner, found)
  return found
}

const REFUSED: Readonly<Record<string, string>> = {
  matches: 'matches() takes time without bound; use startsWith, endsWith, contains or ==',
  bind: 'cel.bind is not there, because what it doubles grows without bound',
  json: 'json() is not there',
}

function refusal(ast: unknown): Compiled | undefined {
  for (const { op, args, start } of nodesOf(ast)) {
    const name = (op === 'rcall' || op === 'call') && Array.isArray(args) ? String(args[0]) : ''
    const problem = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined
    if (problem !== undefined) return { kind: 'problem', problem, offset: start }
  }
  return undefined
}

/** `root.name` and `root["name"]` of every place where an expression accesses a variable's field. */
function mentionsOf(ast: unknown): string[] {
  const found = new Set<string>()
  for (const { op, args } of nodesOf(ast)) {
    if ((op !== '.' && op !== '[]') || !Array.isArray(args)) continue
    const [root, key] = args as unknown[]
    const name = isNode(key) ? (key.op === 'value' ? key.args : undefined) : key
    if (isNode(root) && root.op === 'id' && typeof name === 'string')
      found.add(`${String(root.args)}.${name}`)
  }
  return [...found]
}

/**
 * Makes every step of every comprehension use fuel. The library limits an expression's size but not its steps; its
 * version is pinned and `cel.test.ts` shows that a nested comprehension ends.
 */
function meter(ast: unknown, fuel: Fuel): void {
  for (const { op, args } of nodesOf(ast)) {
    if (op !== 'comprehension') continue
    const { step } = args as { step?: unknown }
    if (!isNode(step))
      throw new EvaluationError({ code: 'unmetered', message: 'a loop that cannot be counted' })
    const act = step.meta.evaluate
    step.setMeta('evaluate', (...context: unknown[]) => {
      fuel.steps--
      fuel.block--
      if (fuel.steps < 0 || fuel.block < 0)
        throw new EvaluationError({ code: 'too_many_steps', message: TOO_LONG })
      return act(...context)
    })
  }
}

const TOO_LONG = `the expression loops more than ${MOST_STEPS} times, or more than its budget allows`
