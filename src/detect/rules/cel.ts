import { Environment, EvaluationError } from '@marcbachmann/cel-js'
import { toFunctionSelector } from 'viem'
import { isNamed, type Scope } from '../../model/detector.ts'
import type { Address } from '../../model/hex.ts'
import { Amount, registerAmounts } from './amount.ts'
import { blockView, subjects, txView } from './subjects.ts'
import { type CelType, type View, viewOf } from './view.ts'

/** Steps of comprehensions (`all`, `exists`, `map`, `filter`) that one evaluation may take. */
const MOST_STEPS = 10_000
const LIMITS = {
  maxAstNodes: 2_000,
  maxDepth: 40,
  maxListElements: 500,
  maxMapEntries: 50,
  maxCallArguments: 8,
}

/** What is left of a rule's budget. Refilled before every use, so it carries nothing from one block to the next. */
export type Fuel = { steps: number; block: number }
/** Steps that one rule may take in one block: about 50 ms. */
export const MOST_STEPS_A_BLOCK = 500_000

/** An expression made ready: throws `EvaluationError` where the data do not suit it or the fuel is gone. */
export type Expression = (variables: Readonly<Record<string, unknown>>) => unknown
export type Compiled =
  | { kind: 'compiled'; run: Expression; type: string }
  /** `offset`: character of the text. */
  | { kind: 'problem'; problem: string; offset: number }

/** Protected contracts as `fact.to in protected` sees them. */
export class Protected {
  readonly scope: Scope
  constructor(scope: Scope) {
    this.scope = scope
  }
}

/** The names and types that expressions of one rule may use. */
export function environmentFor(on: string, extra: readonly [string, View<never>][]): Environment {
  const env = base().clone()
  const subject = subjects[on]
  if (subject !== undefined) env.registerVariable('fact', subject.view.name)
  for (const [name, view] of extra) {
    view.register(env)
    env.registerVariable(name, view.name)
  }
  return env
}

/** A view of values by name: windows, reads. */
export function valuesView(
  name: string,
  types: Readonly<Record<string, CelType>>,
): View<Readonly<Record<string, bigint>>> {
  return viewOf(
    name,
    Object.fromEntries(
      Object.entries(types).map(([key, type]) => [
        key,
        {
          type,
          read: (values: Readonly<Record<string, bigint>>) => {
            const value = values[key] ?? 0n
            return type === 'Amount' ? new Amount(value) : value
          },
        },
      ]),
    ),
  )
}

let shared: Environment | undefined

/** Everything that does not depend on the rule; making it takes milliseconds, so it is made once. */
function base(): Environment {
  if (shared !== undefined) return shared
  const env = new Environment({ limits: LIMITS })
  registerAmounts(env)
  for (const view of [...new Set([txView, blockView, ...Object.values(subjects).map(({ view }) => view)])])
    view.register(env)
  env.registerType('Protected', { ctor: Protected, fields: {} })
  env.registerOperator('string in Protected: bool', (address: string, { scope }: Protected) =>
    isNamed(scope, address as Address),
  )
  env.registerFunction('selector(string): string', (signature: string) => selectorText(signature))
  env.registerConstant('ZERO', 'string', `0x${'0'.repeat(40)}`)
  env.registerVariable('tx', txView.name)
  env.registerVariable('block', blockView.name)
  env.registerVariable('protected', 'Protected')
  shared = env
  return env
}

const selectors = new Map<string, string>()

function selectorText(signature: string): string {
  const known = selectors.get(signature)
  if (known !== undefined) return known
  if (!/^\w{1,60}\([\w,()[\]]{0,200}\)$/.test(signature))
    throw new EvaluationError({ code: 'bad_signature', message: 'selector() takes a signature as "pause()"' })
  const selector = toFunctionSelector(signature)
  if (selectors.size < 1_000) selectors.set(signature, selector)
  return selector
}

/** Parses and checks an expression; it must give one of the types. */
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

/** What the parser makes of an expression, as far as we look at it. */
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

/** Every node of an expression, those that macros stand for included. */
function nodesOf(value: unknown, found: Set<Node> = new Set()): Set<Node> {
  if (typeof value !== 'object' || value === null) return found
  if (isNode(value)) {
    if (found.has(value)) return found
    found.add(value)
    nodesOf(value.meta.alternate, found)
    return nodesOf(value.args, found)
  }
  // Contexts of the type checker hang on the nodes too: only plain objects and arrays belong to the expression.
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

/**
 * Makes every step of every comprehension cost fuel. The library has limits on an expression's size and none on its
 * steps; its version is pinned and `cel.test.ts` shows that a nested comprehension ends.
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

const TOO_LONG = `the expression loops more than ${MOST_STEPS} times, or more than ${MOST_STEPS_A_BLOCK} times in a block`
