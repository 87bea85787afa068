import { type Environment, EvaluationError } from '@marcbachmann/cel-js'

/**
 * A whole number of any token's size. CEL's own `int` has 64 bits and a token amount 256, so amounts are a separate
 * type: exact, never a float, rejected beyond 512 bits. A class because CEL distinguishes types by constructor.
 */
export class Amount {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

const LIMIT = 1n << 512n
const TEXT = /^(-?\d[\d_]*|0x[0-9a-fA-F]+)$/
const DECIMAL = /^(\d[\d_]*)(?:\.(\d+))?$/

/** Registers `amount()`, `units()`, `bps()`, `string()` and the operators of amounts in CEL. */
export function registerAmounts(env: Environment): void {
  env.registerType('Amount', { ctor: Amount, fields: {} })
  env.registerFunction('amount(string): Amount', (text: string) => fromText(text))
  env.registerFunction('amount(int): Amount', (value: bigint) => new Amount(value))
  env.registerFunction('amount(Amount): Amount', (value: Amount) => value)
  env.registerFunction('units(string, int): Amount', (text: string, decimals: bigint) =>
    fromUnits(text, decimals),
  )
  env.registerFunction('units(int, int): Amount', (whole: bigint, decimals: bigint) =>
    fromUnits(whole.toString(), decimals),
  )
  env.registerFunction('bps(Amount, Amount): Amount', (part: Amount, whole: Amount) =>
    bounded(divide(part.value * 10_000n, whole.value)),
  )
  env.registerFunction('string(Amount): string', ({ value }: Amount) => value.toString())
  env.registerOperator('-Amount', ({ value }: Amount) => new Amount(-value))
  for (const [op, act] of arithmetic)
    registerBoth(env, op, { act: (a, b) => bounded(act(a, b)), gives: 'Amount' })
  for (const [op, act] of comparisons) registerBoth(env, op, { act, gives: 'bool' })
  env.registerOperator('Amount == Amount', (a: Amount, b: Amount) => a.value === b.value)
  env.registerOperator('Amount == int', (a: Amount, b: bigint) => a.value === b)
}

const arithmetic: readonly [string, (a: bigint, b: bigint) => bigint][] = [
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => divide(a, b)],
]
const comparisons: readonly [string, (a: bigint, b: bigint) => boolean][] = [
  ['<', (a, b) => a < b],
  ['<=', (a, b) => a <= b],
  ['>', (a, b) => a > b],
  ['>=', (a, b) => a >= b],
]

type Operation = { act: (a: bigint, b: bigint) => unknown; gives: string }

/** An operator between amounts, and between an amount and an int on either side. */
function registerBoth(env: Environment, op: string, { act, gives }: Operation): void {
  env.registerOperator(`Amount ${op} Amount: ${gives}`, (a: Amount, b: Amount) => act(a.value, b.value))
  env.registerOperator(`Amount ${op} int: ${gives}`, (a: Amount, b: bigint) => act(a.value, b))
  env.registerOperator(`int ${op} Amount: ${gives}`, (a: bigint, b: Amount) => act(a, b.value))
}

function bounded(value: bigint): Amount {
  if (value < LIMIT && value > -LIMIT) return new Amount(value)
  throw new EvaluationError({ code: 'amount_overflow', message: 'the amount has more than 512 bits' })
}

function divide(a: bigint, b: bigint): bigint {
  if (b !== 0n) return a / b
  throw new EvaluationError({ code: 'divide_by_zero', message: 'an amount was divided by zero' })
}

function fromText(text: string): Amount {
  if (text.length <= 160 && TEXT.test(text)) return bounded(BigInt(text.replaceAll('_', '')))
  throw new EvaluationError({
    code: 'bad_amount',
    message: 'amount() takes decimal digits, or 0x and hex digits',
  })
}

function fromUnits(text: string, decimals: bigint): Amount {
  const [, whole, fraction = ''] = DECIMAL.exec(text.slice(0, 100)) ?? []
  if (whole === undefined || decimals < 0n || decimals > 77n || fraction.length > Number(decimals))
    throw new EvaluationError({
      code: 'bad_amount',
      message: 'units() takes a decimal number and how many decimals the token has, as units("1.5", 18)',
    })
  return bounded(BigInt(`${whole.replaceAll('_', '')}${fraction.padEnd(Number(decimals), '0')}`))
}
