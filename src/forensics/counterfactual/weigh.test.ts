import { expect, test } from 'vitest'
import { aHash, anAddress } from '../../../test/harness/builders.ts'
import type { Counterfactual } from '../../model/counterfactual.ts'
import type { Hypothesis } from '../../model/investigation.ts'
import { weighed } from './weigh.ts'

function aHypothesis(category: string, confidence: number): Hypothesis {
  return {
    category,
    contract: anAddress(1),
    function: null,
    statement: category,
    confidence,
    weakness: null,
    evidence: [],
  }
}

function tried(changes: Partial<Counterfactual>): Counterfactual {
  return {
    alteration: 're-entry-refused',
    contract: anAddress(1),
    function: 'withdraw(uint256)',
    transactionHash: aHash(1),
    frame: 4,
    statement: 'a lock',
    speaksFor: ['reentrancy'],
    outcome: 'profit-gone',
    gained: [],
    givenMore: [],
    legitimate: { passed: 3, of: 3 },
    reason: 'it fails',
    ...changes,
  }
}

const order = (hypotheses: readonly Hypothesis[]): string[] => hypotheses.map(({ category }) => category)

test('the cause whose alteration took the profit overtakes a surer one whose alteration left it', () => {
  const before = [aHypothesis('price-manipulation', 0.8), aHypothesis('reentrancy', 0.5)]
  const after = weighed(before, [
    tried({}),
    tried({ alteration: 'price-held', speaksFor: ['price-manipulation'], outcome: 'profit-remains' }),
  ])
  expect(order(after)).toEqual(['reentrancy', 'price-manipulation'])
  expect(after.map(({ confidence }) => Math.round(confidence * 100))).toEqual([85, 40])
  expect(after[0]?.evidence[0]?.statement).toBe(
    'run again so that a lock: profit gone; 3 of 3 ordinary transactions still pass',
  )
})

test('an alteration that stops ordinary transactions too weighs little', () => {
  const weight = (legitimate: Counterfactual['legitimate']): number =>
    Math.round((weighed([aHypothesis('reentrancy', 0.5)], [tried({ legitimate })])[0]?.confidence ?? 0) * 100)
  expect(
    [
      { passed: 3, of: 3 },
      { passed: 0, of: 0 },
      { passed: 2, of: 3 },
    ].map(weight),
  ).toEqual([85, 75, 55])
})

test('a part of the profit, a run that proved nothing, and a step that is merely needed change nothing', () => {
  const before = [aHypothesis('reentrancy', 0.5)]
  expect(
    weighed(before, [
      tried({ outcome: 'part-remains' }),
      tried({ outcome: 'inconclusive' }),
      tried({ alteration: 'call-refused', speaksFor: [] }),
    ]),
  ).toEqual(before)
})

test('one of several alterations of a cause is enough: the others need not help', () => {
  const [first] = weighed(
    [aHypothesis('reentrancy', 0.5)],
    [tried({ contract: anAddress(2), outcome: 'profit-remains' }), tried({})],
  )
  expect(first?.confidence).toBeCloseTo(0.85)
})

test('a cause that no rule named comes in, and never surer than a rule', () => {
  const [first] = weighed([], [tried({})])
  expect(first).toMatchObject({ category: 'reentrancy', function: 'withdraw(uint256)' })
  expect(first?.confidence).toBeLessThan(0.5)
})

test('an effect does not absorb an alteration that names a cause first', () => {
  const claims = tried({ alteration: 'repeat-refused', speaksFor: ['option-abuse', 'drain'] })
  const after = weighed([aHypothesis('drain', 0.4)], [claims])
  expect(order(after)).toEqual(['option-abuse', 'drain'])
  expect(after[1]).toMatchObject({ category: 'drain', confidence: 0.4, evidence: [] })
  const logic = tried({ alteration: 'repeat-refused', speaksFor: ['drain', 'option-abuse'] })
  expect(order(weighed([aHypothesis('drain', 0.4)], [logic]))).toEqual(['drain'])
})
