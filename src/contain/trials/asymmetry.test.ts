import { toFunctionSelector } from 'viem'
import { expect, test } from 'vitest'
import { aPlan } from '../../../test/harness/builders.ts'
import { asymmetryOf, openQuestions } from './asymmetry.ts'
import { effectsByKind } from './operation-kinds.ts'

test('liquidation open and repaying blocked is an asymmetry', () => {
  expect(asymmetryOf({ liquidate: 'open', repay: 'blocked', 'top-up': 'blocked' })).toBe(
    'people stay liquidatable and cannot repay or top-up',
  )
})

test('where people can still repay, nobody is helpless', () => {
  expect(asymmetryOf({ liquidate: 'open', repay: 'open', 'top-up': 'blocked' })).toBeUndefined()
})

test('with liquidation blocked too there is none, and bad debt is named', () => {
  const effects = { liquidate: 'blocked', repay: 'blocked' } as const
  expect(asymmetryOf(effects)).toBeUndefined()
  expect(openQuestions(effects).join()).toMatch(/bad debt/)
})

test('what nobody knows is no asymmetry, and is asked', () => {
  expect(asymmetryOf({ liquidate: 'open' })).toBeUndefined()
  expect(openQuestions({ liquidate: 'open' }).join()).toMatch(/repay/)
})

test('supplying saves a position only where there is no separate top-up', () => {
  expect(asymmetryOf({ liquidate: 'open', supply: 'blocked' })).toMatch(/cannot supply$/)
  expect(asymmetryOf({ liquidate: 'open', supply: 'blocked', 'top-up': 'open' })).toBeUndefined()
  expect(asymmetryOf({ liquidate: 'open', close: 'blocked', 'top-up': 'open' })).toMatch(/cannot close$/)
})

test('with liquidation and repayment both known to be open there is nothing to ask', () => {
  expect(openQuestions({ liquidate: 'open', repay: 'open' })).toEqual([])
  expect(openQuestions({ liquidate: 'open', repay: 'blocked' })).toEqual([])
  expect(openQuestions({ repay: 'open' })).toEqual([])
  expect(openQuestions({})).toEqual([])
})

test('what was tried counts before what the sources say', () => {
  const lever = { ...aPlan().lever, claims: { repay: 'open', liquidate: 'open' } as const }
  const repay = toFunctionSelector('repayBorrow(uint256)')
  const effects = effectsByKind(lever, { [repay]: 'blocked' })
  expect(effects).toEqual({ repay: 'blocked', liquidate: 'open' })
  expect(asymmetryOf(effects)).toMatch(/cannot repay/)
})

test('one blocked function of a kind blocks the kind; an unknown effect says nothing', () => {
  const lever = { ...aPlan().lever, claims: {} }
  const [a, b] = [toFunctionSelector('repay(uint256)'), toFunctionSelector('repayBorrow(uint256)')]
  expect(effectsByKind(lever, { [a]: 'open', [b]: 'blocked' })).toEqual({ repay: 'blocked' })
  expect(effectsByKind(lever, { [b]: 'blocked', [a]: 'open' })).toEqual({ repay: 'blocked' })
  expect(effectsByKind(lever, { [a]: 'unknown' })).toEqual({})
  expect(effectsByKind(lever, { '0xffffffff': 'blocked' })).toEqual({})
})
