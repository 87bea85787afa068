import { expect, test } from 'vitest'
import {
  address,
  type CallNode,
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
import { unbackedMint } from './unbacked-mint.ts'

const thief = address('thief')
const bot = address('bot')
const pool = address('pool')
const coin = address('coin')
const backing = address('backing')
const RUN = '0xc0406226'
const mint = (amount: bigint) =>
  call(coin, { input: data('0x40c10f19', bot, amount) }, transferLog(coin, { from: ZERO, to: bot, amount }))

test('a minter that ends the transaction poorer was not paid', () => {
  const spend = pay(backing, { from: pool, to: address('treasury'), amount: 150n })
  const root = call(
    bot,
    { input: RUN },
    call(pool, { input: '0x1b2ef1ca' }, spend),
    call(pool, { input: '0xe5225381' }, mint(50_000n)),
  )
  expect(askAbout(unbackedMint, protecting(pool), { from: thief, root })).toMatchObject([
    { severity: 'high', categories: ['unbacked-mint'], victims: [pool, coin] },
  ])
})

test('while nothing is protected, an unpaid mint pages only if the claims are moved on at once', () => {
  const spend = pay(backing, { from: pool, to: address('treasury'), amount: 150n })
  const severities = (...after: CallNode[]) => {
    const unpaid = call(pool, { input: '0x1b2ef1ca' }, spend, mint(50_000n))
    const root = call(bot, { input: RUN }, unpaid, ...after)
    return askAbout(unbackedMint, everything, { from: thief, root }).map(({ severity }) => severity)
  }
  expect(severities()).toEqual(['medium'])
  expect(severities(pay(coin, { from: bot, to: address('market'), amount: 50_000n }))).toEqual(['high'])
})

test('interest that a token mints whenever it moves is no unbacked mint', () => {
  const spend = pay(backing, { from: pool, to: address('treasury'), amount: 150n })
  const moved = pay(coin, { from: bot, to: pool, amount: 9_000_000n })
  const root = call(bot, { input: RUN }, call(pool, { input: '0x1b2ef1ca' }, spend, mint(50n)), moved)
  expect(askAbout(unbackedMint, protecting(pool), { from: thief, root })).toEqual([])
})

test('a deposit that brings the minter something is a deposit', () => {
  const root = call(
    bot,
    { input: RUN },
    call(pool, { input: '0x1b2ef1ca' }, pull(backing, { from: bot, to: pool, amount: 100n }), mint(100n)),
  )
  expect(askAbout(unbackedMint, protecting(pool), { from: thief, root })).toEqual([])
})

test('a large mint for nothing is told against the supply; a small reward is not', () => {
  const supply = view(coin, '0x18160ddd', `0x${word(1_000_000n)}`)
  const claim = (amount: bigint) =>
    call(bot, { input: RUN }, supply, call(pool, { input: '0x4e71d92d' }, mint(amount)))
  expect(askAbout(unbackedMint, protecting(pool), { from: thief, root: claim(200_000n) })).toHaveLength(1)
  expect(askAbout(unbackedMint, protecting(pool), { from: thief, root: claim(100n) })).toEqual([])
})

test('a rebase pays holders who do not act, and a bridge mints a little for a message: neither is told', () => {
  const supply = view(coin, '0x18160ddd', `0x${word(1_000_000n)}`)
  const toHolder = transferLog(coin, { from: ZERO, to: address('holder'), amount: 300_000n })
  const rebase = call(pool, { input: '0xaf14052c' }, supply, call(coin, { input: '0x7a43e23f' }, toHolder))
  const message = call(bot, { input: RUN }, supply, call(pool, { input: '0x9f8b2d4f' }, mint(40_000n)))
  for (const root of [rebase, message])
    expect(askAbout(unbackedMint, protecting(pool, coin), { from: thief, root })).toEqual([])
})
