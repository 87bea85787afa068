import { Environment } from '@marcbachmann/cel-js'
import { CEL_LIMITS, type Compiled, compile, type Fuel } from '../kit/cel.ts'

/** Loop steps that one condition may take. */
const FUEL = 10_000
/** Maximum number of items of a loop. */
export const MOST_TURNS = 100

let shared: Environment | undefined

function environment(): Environment {
  if (shared !== undefined) return shared
  const env = new Environment({ limits: CEL_LIMITS })
  env.registerVariable('incident', 'map<string, dyn>')
  env.registerVariable('alert', 'map<string, dyn>')
  env.registerVariable('steps', 'map<string, dyn>')
  env.registerVariable('item', 'dyn')
  env.registerVariable('people', 'bool')
  shared = env
  return env
}

const GIVES = { bool: ['bool', 'dyn'], list: ['list', 'list<dyn>', 'dyn'] } as const

/** A condition or the list of a loop, checked; its references look like `steps.page`, `incident.title`. */
export function compileExpression(text: string, gives: 'bool' | 'list'): { fuel: Fuel; compiled: Compiled } {
  const fuel: Fuel = { steps: 0, block: FUEL }
  const compiled = compile(text, { env: environment(), gives: GIVES[gives], fuel })
  if (compiled.kind === 'problem' && gives === 'list' && /gives list</.test(compiled.problem))
    return {
      fuel,
      compiled: compile(text, { env: environment(), gives: listTypeIn(compiled.problem), fuel }),
    }
  return { fuel, compiled }
}

/** Any list is accepted; the checker names each kind of list. */
function listTypeIn(problem: string): string[] {
  return [problem.slice(problem.indexOf('gives list<') + 'gives '.length)]
}

/** True or false; throws if the data do not fit the expression. */
export function decide(text: string, variables: Readonly<Record<string, unknown>>): boolean {
  const value = evaluate(text, 'bool', variables)
  if (typeof value === 'boolean') return value
  throw new TypeError('the condition is not true or false')
}

/** The items of a loop, at most {@link MOST_TURNS}; throws if it is not a list or is longer. */
export function itemsOf(text: string, variables: Readonly<Record<string, unknown>>): unknown[] {
  const value = evaluate(text, 'list', variables)
  if (!Array.isArray(value)) throw new TypeError('the expression is not a list')
  if (value.length > MOST_TURNS)
    throw new RangeError(`the list has ${value.length} items, more than ${MOST_TURNS}`)
  return value
}

function evaluate(
  text: string,
  gives: 'bool' | 'list',
  variables: Readonly<Record<string, unknown>>,
): unknown {
  const { compiled, fuel } = compileExpression(text, gives)
  if (compiled.kind === 'problem') throw new SyntaxError(compiled.problem)
  fuel.block = FUEL
  return compiled.run(variables)
}

/** JSON in the form that CEL takes: whole numbers are `int`. */
export function forCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(forCel)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, forCel(inner)]))
}
