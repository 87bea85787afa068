import { expect, test } from 'vitest'
import { address, block, type CallNode, call, data } from '../../test/harness/build.ts'
import type { Frame } from '../model/block.ts'
import { inNames } from './in-names.ts'
import { functionIn } from './named-function.ts'

const [thief, vault, token] = [address('thief'), address('vault'), address('token')]
const functions = new Map([['0x2e1a7d4d', 'withdraw(uint256)']] as const)

function framesOf(root: CallNode): readonly Frame[] {
  const bundle = block({ number: 1, transactions: [{ name: 'tx', from: thief, root }] })
  return bundle.transactions[0]?.frames ?? []
}

const view = {
  type: 'STATICCALL',
  input: data('0x70a08231', thief),
  output: `0x${'00'.repeat(31)}05`,
} as const

test('a view that the evidence points to is named by the function around it', () => {
  const frames = framesOf(
    call(vault, { input: data('0x2e1a7d4d', 5n), value: 1n }, call(token, {}, call(vault, view))),
  )
  expect(functionIn(vault, [frames[2]], { frames, functions })).toBe('withdraw(uint256)')
})

test('where only views were called no function is named', () => {
  const frames = framesOf(call(token, {}, call(vault, view), call(vault, { ...view, type: 'CALL' })))
  expect(functionIn(vault, frames.slice(1), { frames, functions })).toBeNull()
})

test('an attacker’s first call is passed over where it only reads', () => {
  const frames = framesOf(
    call(token, {}, call(vault, view), call(vault, { input: data('0x2e1a7d4d', 5n), value: 1n })),
  )
  expect(functionIn(vault, frames.slice(1), { frames, functions })).toBe('withdraw(uint256)')
})

test('a sentence names functions that are known, and leaves addresses and calldata alone', () => {
  expect(inNames(`0x2e1a7d4d of ${vault}, not 0x2e1a7d4d00 nor 0x2e1a7d4e`, functions)).toBe(
    `withdraw(uint256) of ${vault}, not 0x2e1a7d4d00 nor 0x2e1a7d4e`,
  )
})
