import { describe, expect, test } from 'vitest'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import { compile, type Fuel } from '../../kit/cel.ts'
import { environmentFor, MOST_STEPS_A_BLOCK } from './cel.ts'
import { subjects } from './subjects.ts'

const GIVES = ['bool', 'string', 'int', 'Amount', 'list<Amount>', 'list<int>', 'list<dyn>', 'dyn']

function ready(text: string, on = 'transfer') {
  const fuel: Fuel = { steps: 0, block: MOST_STEPS_A_BLOCK }
  return { fuel, made: compile(text, { env: environmentFor(on, []), gives: GIVES, fuel }) }
}

function resultOf(text: string, fact: object = {}, on = 'transfer'): unknown {
  const { made } = ready(text, on)
  if (made.kind === 'problem') throw new TypeError(made.problem)
  return made.run({ fact: subjects[on]?.view.of(fact) })
}

function problemOf(text: string): string {
  const { made } = ready(text)
  return made.kind === 'problem' ? made.problem : 'none'
}

describe('amounts', () => {
  const fact = { amount: 2n ** 255n, tokenId: null, asset: 'native' }
  test.each([
    [`fact.amount == amount("${2n ** 255n}")`, true],
    [`fact.amount > amount("${2n ** 255n}") - 1`, true],
    [`fact.amount > amount("${2n ** 255n}")`, false],
    ['fact.amount > 5', true],
    ['5 < fact.amount', true],
    ['units("1.5", 18) == amount("1_500_000_000_000_000_000")', true],
    ['units(3, 6) == amount(3000000)', true],
    ['bps(amount(1), amount(3)) == 3333', true],
    ['fact.tokenId == -1', true],
    ['-amount(7) / 2 == -3', true],
    ['amount("0xff") == 255', true],
  ])('are exact at 256 bits: %s is %s', (text, expected) => {
    expect(resultOf(text, fact)).toBe(expected)
  })

  test('never meet a float', () => {
    expect(problemOf('fact.amount > 1.5')).toBe('no such overload: Amount > double')
    expect(problemOf('fact.amount * 2.0 > 1')).toBe('no such overload: Amount * double')
  })

  test.each([
    ['fact.amount * fact.amount * fact.amount > 0', 'the amount has more than 512 bits'],
    ['fact.amount / (fact.amount - fact.amount) > 0', 'an amount was divided by zero'],
    ['amount(fact.asset) > 0', 'amount() takes decimal digits'],
    ['units("1.23", 1) > 0', 'units() takes a decimal number'],
  ])('%s fails: %s', (text, message) => {
    expect(() => resultOf(text, fact)).toThrow(message)
  })
})

describe('an expression reaches nothing but what is declared', () => {
  test.each(['fact.raw', 'fact.constructor', 'fact.__proto__', 'fact["toString"]', 'fact.amount.value'])(
    '%s is refused when it is read',
    (text) => expect(problemOf(text)).toMatch(/^No such key/),
  )
  test.each(['globalThis', 'process', 'constructor', 'window.x'])('%s is unknown', (text) => {
    expect(problemOf(text)).toMatch(/Unknown variable/)
  })
  test('a name worked out while it runs finds nothing either', () => {
    expect(() => resultOf('fact["con" + "structor"] == dyn(1)', {})).toThrow('No such key: constructor')
  })
  test.each([
    ['fact.asset.matches("(a+)+$")', 'matches() takes time without bound'],
    ['cel.bind(x, fact.asset + fact.asset, x + x == "")', 'cel.bind is not there'],
    ['["a"].exists(x, x.matches(fact.asset))', 'matches() takes time without bound'],
  ])('%s is refused', (text, problem) => {
    expect(problemOf(text)).toContain(problem)
  })
})

describe('loops are bounded', () => {
  const answer = Array.from({ length: 1_000 }, (_, i) => BigInt(i))
  const nested = 'fact.answer.all(a, fact.answer.all(b, fact.answer.all(c, a + b + c >= 0)))'

  test('a loop within its steps gives its value', () => {
    expect(resultOf('fact.answer.exists(a, a == 999)', { answer }, 'valuation')).toBe(true)
  })
  test.each([
    nested,
    'fact.answer.map(a, fact.answer.map(b, b)).size() > 0',
    'fact.answer.filter(a, fact.answer.exists(b, b > a + 5000)).size() > 0',
    'fact.answer.exists(a, fact.answer.exists_one(b, b == a - 5000))',
  ])('a nested one over hostile data ends: %s', (text) => {
    const began = cpuMilliseconds()
    expect(() => resultOf(text, { answer }, 'valuation')).toThrow('loops more than 10000 times')
    expect(cpuMilliseconds() - began).toBeLessThan(1_000)
  })
  test('evaluations of one block share a budget', () => {
    const { made, fuel } = ready('fact.answer.exists(a, a == 999)', 'valuation')
    fuel.block = 1_500
    if (made.kind === 'problem') throw new TypeError(made.problem)
    const variables = { fact: subjects['valuation']?.view.of({ answer }) }
    expect(made.run(variables)).toBe(true)
    expect(() => made.run(variables)).toThrow('loops more than')
  })
  test('an expression too deep or too long is refused', () => {
    expect(problemOf(`${'('.repeat(60)}true${')'.repeat(60)}`)).toMatch(/depth/i)
    expect(problemOf(`fact.asset in [${'"a",'.repeat(600)} "b"]`)).toMatch(/maxListElements|list/i)
  })
})

test('selector() gives the four bytes, and fails on what is no signature', () => {
  expect(resultOf('selector("pause()") == "0x8456cb59"')).toBe(true)
  expect(() => resultOf('selector("pause(") == ""')).toThrow('selector() takes a signature')
})
