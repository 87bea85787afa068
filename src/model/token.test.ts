import fc from 'fast-check'
import { parseUnits } from 'viem'
import { expect, test } from 'vitest'
import type { Asset } from './block.ts'
import { inUnits, type Token, tokenAmount } from './token.ts'

const asset: Asset = `0x${'ab'.repeat(20)}`
const tokensWith = (token: Partial<Token>): Map<Asset, Token> =>
  new Map([[asset, { asset, symbol: 'WETH', decimals: 18, source: 'a list', vouched: true, ...token }]])

test('an amount in whole tokens is exact, and gives the base units back', () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 256n), 2n ** 256n), fc.integer({ min: 0, max: 77 }), (amount, decimals) => {
      expect(parseUnits(inUnits(amount, decimals).replaceAll(',', ''), decimals)).toBe(amount)
    }),
  )
})

test('a token is called by a symbol somebody vouches for; what calls itself so stands in quotes with its address', () => {
  const amount = 1_234_500_000_000_000_000_000n
  expect(tokenAmount({ asset, amount }, tokensWith({}))).toBe('1,234.5 WETH')
  expect(tokenAmount({ asset, amount }, tokensWith({ vouched: false }))).toBe(`1,234.5 “WETH” (${asset})`)
  expect(tokenAmount({ asset, amount: 5n }, tokensWith({ decimals: null }))).toBe('5 base units of WETH')
  expect(tokenAmount({ asset, amount: 5n }, new Map())).toBe(`5 base units of ${asset}`)
})
