import { expect, test } from 'vitest'
import {
  address,
  call,
  data,
  pay,
  pull,
  transferLog,
  view,
  word,
  ZERO,
} from '../../../../test/harness/build.ts'
import { askAbout, everything, protecting } from '../../../../test/harness/detect.ts'
import { valuationJump } from './valuation-jump.ts'

const thief = address('thief')
const bot = address('bot')
const vault = address('vault')
const market = address('market')
const usdc = address('usdc')
const RUN = '0xc0406226'
const price = (value: bigint) => view(vault, '0x99530b06', `0x${word(value)}`)
const donate = pay(usdc, { from: bot, to: vault, amount: 100n })
const lend = (value: bigint) =>
  call(market, { input: '0xc5ebeaec' }, price(value), pay(usdc, { from: market, to: bot, amount: 900n }))

test('a vault is inflated by a direct transfer and a market lends on its new price: critical', () => {
  const root = call(
    bot,
    { input: RUN },
    call(market, { input: '0xa0712d68' }, price(100n)),
    donate,
    lend(200n),
  )
  for (const scope of [protecting(market), protecting(vault), everything]) {
    expect(askAbout(valuationJump, scope, { from: thief, root })).toMatchObject([
      { severity: 'critical', categories: ['donation'], victims: [market, vault] },
    ])
  }
})

test('interest moves a price a little, and a harvest that nobody pays for moves it much: neither is an attack', () => {
  const interest = call(
    bot,
    { input: RUN },
    call(market, { input: '0xa0712d68' }, price(10_000n)),
    lend(10_001n),
  )
  expect(askAbout(valuationJump, protecting(market), { from: thief, root: interest })).toEqual([])
  const harvest = call(bot, { input: RUN }, price(100n), donate, price(200n))
  expect(askAbout(valuationJump, protecting(vault), { from: thief, root: harvest })).toEqual([])
})

test('two questions about two amounts are two questions', () => {
  const quote = (amount: bigint, answer: bigint) =>
    view(vault, data('0x07a2d13a', amount), `0x${word(answer)}`)
  const root = call(
    bot,
    { input: RUN },
    call(market, { input: '0xa0712d68' }, quote(1n, 100n)),
    call(market, { input: '0xc5ebeaec' }, quote(2n, 200n), pay(usdc, { from: market, to: bot, amount: 9n })),
  )
  expect(askAbout(valuationJump, protecting(market), { from: thief, root })).toEqual([])
})

test('an airdrop that lands in a vault between two deposits, and a reward that is topped up', () => {
  const [airdropper, user] = [address('airdropper'), address('user')]
  const enter = (value: bigint) =>
    call(
      vault,
      { input: data('0xb6b55f25', 10n) },
      price(value),
      pull(usdc, { from: user, to: vault, amount: 10n }),
      transferLog(vault, { from: ZERO, to: user, amount: 9n }),
    )
  const drop = pay(usdc, { from: airdropper, to: vault, amount: 100n })
  const root = call(airdropper, { input: RUN }, enter(100n), drop, enter(200n))
  for (const scope of [protecting(market), protecting(vault), everything])
    expect(askAbout(valuationJump, scope, { from: user, root })).toEqual([])
})
