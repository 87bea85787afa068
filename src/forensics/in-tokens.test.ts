import { expect, test } from 'vitest'
import type { Asset } from '../model/block.ts'
import type { Token } from '../model/token.ts'
import { inTokens } from './in-tokens.ts'

const weth: Asset = `0x${'aa'.repeat(20)}`
const other: Asset = `0x${'bb'.repeat(20)}`
const token = { symbol: 'WETH', decimals: 18, source: 'a list', vouched: true }
const tokens = new Map<Asset, Token>([
  [weth, { ...token, asset: weth }],
  ['native', { ...token, asset: 'native', symbol: 'ETH' }],
  [other, { ...token, asset: other, decimals: null }],
])

test('amounts in a sentence are told in whole tokens, where somebody knows the decimals', () => {
  const one = 10n ** 18n
  expect(inTokens(`paid ${3n * one} of ${weth}, ${one / 2n} of native.`, tokens)).toBe(
    'paid 3 WETH, 0.5 ETH.',
  )
  expect(inTokens(`got ${one} of ${other}`, tokens)).toBe(`got ${one} of ${other}`)
})

test('what only looks like an amount stays: shares, selectors, longer hex, numbers inside others', () => {
  const said = `2 of 3 writers; 5 of ${weth}ab; 1.5 of ${weth}; 0x12 of ${weth}`
  expect(inTokens(said, tokens)).toBe(said)
})
