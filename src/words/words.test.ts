import { encodeFunctionData, parseAbi } from 'viem'
import { expect, test } from 'vitest'
import type { Token } from '../model/token.ts'
import { accountText, shortHex } from './account.ts'
import { amountText } from './amount.ts'
import { callText, functionText } from './call.ts'
import { type Lexicon, tokensOf } from './lexicon.ts'
import { assetsNamed, readable } from './readable.ts'
import { agoText, counted, elapsedText, shareText } from './share.ts'
import { wrapped } from './wrap.ts'

const USDC = `0x${'5f'.repeat(20)}` as const
const FAKE = `0x${'fa'.repeat(20)}` as const
const VAULT = `0xa513${'0'.repeat(32)}c853` as const
const THIEF = `0x2546${'0'.repeat(32)}ec30` as const

function aToken(changes: Partial<Token>): Token {
  return { asset: USDC, symbol: 'USDC', decimals: 6, source: 'a list', vouched: true, ...changes }
}

const lexicon: Lexicon = {
  names: new Map([[VAULT, 'OptionsVault']]),
  tokens: tokensOf([
    aToken({}),
    aToken({ asset: 'native', symbol: 'ETH', decimals: 18 }),
    aToken({ asset: FAKE, symbol: 'USDC', decimals: 18, vouched: false }),
  ]),
  functions: new Map([
    ['0x16c38b3c', 'setPaused(bool)'],
    ['0xa9059cbb', 'transfer(address,uint256)'],
  ]),
}

test.each([
  [USDC, 128_000_000_000n, '128,000 USDC'],
  ['native', 9_000_123_456_789_012_345n, '9.0001 ETH'],
  ['native', 1n, '0.000000000000000001 ETH'],
  ['native', 123_456_789_012n, '0.0000001234 ETH'],
  [FAKE, 5n * 10n ** 17n, '0.5 “USDC”'],
  [VAULT, 1_234_567n, '1,234,567 base units of 0xa513…c853'],
] as const)('an amount of %s is read with symbol and scale', (asset, amount, said) => {
  expect(amountText({ asset, amount }, lexicon.tokens)).toBe(said)
})

test('an account is its label, else its short form; what is no address stays whole', () => {
  expect(accountText(VAULT, lexicon)).toBe('OptionsVault')
  expect(accountText(THIEF, lexicon)).toBe('0x2546…ec30')
  expect(shortHex('0x8456cb59')).toBe('0x8456cb59')
})

test('a call is read by name and decoded arguments', () => {
  const abi = parseAbi(['function transfer(address,uint256)', 'function setPaused(bool)'])
  const transfer = encodeFunctionData({ abi, functionName: 'transfer', args: [VAULT, 128_000_000_000n] })
  expect(callText(transfer, lexicon)).toBe('transfer(OptionsVault, 128,000,000,000)')
  expect(callText(encodeFunctionData({ abi, functionName: 'setPaused', args: [true] }), lexicon)).toBe(
    'setPaused(true)',
  )
})

test('a call that its signature does not fit, or that nobody knows, is never told as if it were understood', () => {
  expect(callText('0x16c38b3c00', lexicon)).toContain('do not fit')
  expect(callText('0xdeadbeef', lexicon)).toBe('the function 0xdeadbeef')
  expect(functionText('0x16c38b3c', lexicon)).toBe('setPaused()')
})

test('a sentence of the record is read with scaled amounts, labels, short forms and names of functions', () => {
  const said = readable(
    `${VAULT} paid 128000000000 of ${USDC} to ${THIEF} by 0xa9059cbb in 0x${'ab'.repeat(32)}: 12 of 14 calls`,
    lexicon,
  )
  expect(said).toBe(
    'OptionsVault paid 128,000 USDC to 0x2546…ec30 by transfer() in 0xabab…abab: 12 of 14 calls',
  )
  expect(assetsNamed(`7 of ${USDC} and 9 of native, 3 of them`)).toEqual([USDC, 'native'])
})

test.each([
  [128n, 748n, '17.1 %'],
  [1n, 10_000n, '< 0.1 %'],
  [1n, 2n, '50 %'],
  [1n, 0n, ''],
] as const)('%d of %d is a share of %s', (part, whole, said) => {
  expect(shareText(part, whole)).toBe(said)
})

test('times and counts are said as people say them', () => {
  expect(agoText(0, 130_000)).toBe('2 min ago')
  expect(elapsedText(1_040)).toBe('1.0 s')
  expect(elapsedText(125_000)).toBe('2 min 5 s')
  expect(counted(1, 'transaction')).toBe('1 transaction')
  expect(counted(4_379, 'transaction')).toBe('4,379 transactions')
})

test('a long line is broken between words, never within one', () => {
  expect(wrapped('aaa bbb ccc ddd', { width: 8, hang: 2 })).toEqual(['aaa bbb', '  ccc', '  ddd'])
  expect(wrapped('  aaa', { width: 3, hang: 0 })).toEqual(['  aaa'])
  expect(wrapped(' 0:04  up', { width: 100, hang: 7 })).toEqual([' 0:04  up'])
})
