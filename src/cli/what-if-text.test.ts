import { expect, test } from 'vitest'
import { anAddress } from '../../test/harness/builders.ts'
import type { Counterfactual } from '../model/counterfactual.ts'
import type { AtRisk } from '../model/scope-at-risk.ts'
import { amountText, tokensOf } from './amount-text.ts'
import { stillAtRisk, whatIf } from './what-if-text.ts'

const altered = (changes: Partial<Counterfactual>): Counterfactual =>
  ({
    alteration: 'price-held',
    statement: 'the price stays',
    outcome: 'profit-gone',
    speaksFor: ['price-manipulation'],
    legitimate: { passed: 11, of: 12 },
    reason: 'the loan is refused',
    function: null,
    frame: 4,
    ...changes,
  }) as Counterfactual

const usdc = { asset: anAddress(5), symbol: 'USDC', decimals: 6, source: 'a list', vouched: true }
const tokens = tokensOf([usdc])

test('nothing is said of a trial that was not asked for, and a trial without anything to alter says so', () => {
  expect([whatIf(undefined), stillAtRisk(undefined, tokens)]).toEqual([[], []])
  expect(whatIf([])).toEqual([
    '',
    'What if: the attack run again 0 times, one thing altered each time',
    '  there was nothing to alter',
  ])
})

test('alterations that name a cause come first, with the ordinary transactions that still pass', () => {
  const needed = altered({
    speaksFor: [],
    legitimate: { passed: 0, of: 0 },
    function: 'swap()\u001b',
    outcome: 'profit-remains',
  })
  expect(whatIf([needed, altered({})])).toEqual([
    '',
    'What if: the attack run again 2 times, one thing altered each time',
    '  profit gone    price-held: the price stays',
    '                 the loan is refused; 11 of 12 ordinary transactions pass',
    '  steps that the attack needs or not; they name no cause:',
    '  profit remains price-held: the price stays (swap()·, frame 4)',
    '                 the loan is refused',
  ])
})

test('what is still at risk is told by contract, with scaled amounts', () => {
  const contract = anAddress(1)
  const one = (changes: Partial<AtRisk>): AtRisk =>
    ({
      contract,
      outcome: 'drained',
      drained: [{ asset: usdc.asset, amount: 2_500_000n }],
      transactions: 3,
      reason: 'it took everything',
      ...changes,
    }) as AtRisk
  const untried = one({ outcome: 'not-tried', drained: [], transactions: 0, reason: 'no copy' })
  expect(stillAtRisk([one({}), untried], tokens).slice(2)).toEqual([
    `  drained     ${contract} in 3 transactions, one a block`,
    '      2.5 USDC',
    '      it took everything',
    `  not tried   ${contract}`,
    '      no copy',
  ])
})

test('an amount has symbol, scale, the id of a single token, and its price where it is known', () => {
  expect(amountText({ asset: usdc.asset, amount: 1_234_500_000n, usd: '1234.50' }, tokens)).toBe(
    '1,234.5 USDC (1234.50 USD)',
  )
  expect(amountText({ asset: usdc.asset, amount: 1n, tokenId: 0n }, tokens)).toBe('1 of USDC #0')
})
