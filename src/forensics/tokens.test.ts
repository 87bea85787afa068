import { encodeAbiParameters, padHex, stringToHex } from 'viem'
import { expect, test } from 'vitest'
import { address, block, call, view } from '../../test/harness/build.ts'
import type { Frame } from '../model/block.ts'
import type { Hex } from '../model/hex.ts'
import { tokensInFrames } from './tokens.ts'

const token = address('token')
const [root] = block({
  transactions: [{ from: address('eve'), root: call(address('tool'), {}, view(token, '0x', '0x')) }],
}).transactions
const answered = (input: Hex, output: Hex, more: Partial<Frame> = {}): Frame => ({
  ...(root?.frames[1] as Frame),
  input,
  output,
  ...more,
})
const DECIMALS = '0x313ce567'
const SYMBOL = '0x95d89b41'
const text = (value: string): Hex => encodeAbiParameters([{ type: 'string' }], [value])
const word = (value: bigint): Hex => encodeAbiParameters([{ type: 'uint256' }], [value])

test('what a token answered while it was called is known, and nobody vouches for it', () => {
  const found = tokensInFrames([answered(DECIMALS, word(6n)), answered(SYMBOL, text('USDC'))])
  expect(found.get(token)).toMatchObject({ symbol: 'USDC', decimals: 6, vouched: false })
})

test('symbols of thirty-two bytes are read too', () => {
  const maker = padHex(stringToHex('MKR'), { dir: 'right', size: 32 })
  expect(tokensInFrames([answered(SYMBOL, maker)]).get(token)?.symbol).toBe('MKR')
})

test('hostile answers give nothing, or harmless text', () => {
  const huge = `0x${'20'.padStart(64, '0')}${'f'.repeat(64)}${'41'.repeat(32)}` as const
  for (const output of ['0x', '0x01', word(2n ** 255n), huge] as const)
    expect(tokensInFrames([answered(DECIMALS, output)]).get(token)?.decimals).toBeNull()
  for (const output of ['0x', huge] as const)
    expect(tokensInFrames([answered(SYMBOL, output)]).get(token)?.symbol).toBeNull()
  const shown = tokensInFrames([answered(SYMBOL, text('<img src=x>\u202e\u001b[31m[a](b)'))]).get(
    token,
  )?.symbol
  expect(shown).not.toMatch(/[<>\u202e\u001b]|\]\(/)
  expect(tokensInFrames([answered(DECIMALS, word(6n), { error: 'out of gas' })]).size).toBe(0)
})
