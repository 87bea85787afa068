import { Environment, EvaluationError } from '@marcbachmann/cel-js'
import { toFunctionSelector } from 'viem'
import { CEL_LIMITS } from '../../kit/cel.ts'
import { isNamed, type Scope } from '../../model/detector.ts'
import type { Address } from '../../model/hex.ts'
import { Amount, registerAmounts } from './amount.ts'
import { blockView, subjects, txView } from './subjects.ts'
import { type CelType, type View, viewOf } from './view.ts'

/** Steps that one rule may take in one block: about 50 ms. */
export const MOST_STEPS_A_BLOCK = 500_000

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

/** Everything that does not depend on the rule; creating it takes milliseconds, so it is created once. */
function base(): Environment {
  if (shared !== undefined) return shared
  const env = new Environment({ limits: CEL_LIMITS })
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
