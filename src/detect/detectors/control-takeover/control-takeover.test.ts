import { describe, expect, test } from 'vitest'
import {
  address,
  call,
  create,
  data,
  log,
  pay,
  pull,
  topicOf,
  transferLog,
  view,
  word,
  ZERO,
} from '../../../../test/harness/build.ts'
import { askAbout, everything, protecting } from '../../../../test/harness/detect.ts'
import { TOPICS } from '../../../facts/signatures.ts'
import type { Scope } from '../../../model/detector.ts'
import { controlTakeover } from './control-takeover.ts'

const thief = address('thief')
const bot = address('bot')
const vault = address('vault')
const usdc = address('usdc')
const RUN = '0xc0406226'
const owned = (by: `0x${string}`) =>
  log(vault, [TOPICS['OwnershipTransferred(address,address)'], topicOf(ZERO), topicOf(by)])
const payout = call(vault, { input: '0x3ccfd60b' }, pay(usdc, { from: vault, to: bot, amount: 500n }))

describe('an owner who appoints himself', () => {
  test('takes the vault over and empties it: critical', () => {
    const root = call(bot, { input: RUN }, call(vault, { input: '0x8129fc1c' }, owned(bot)), payout)
    const [found] = askAbout(controlTakeover, protecting(vault), { from: thief, root })
    expect(found).toMatchObject({ severity: 'critical', categories: ['access-control'], protected: [vault] })
  })

  test('a hand-over that pays nobody is no takeover', () => {
    const root = call(bot, { input: RUN }, call(vault, { input: '0xf2fde38b' }, owned(bot)))
    expect(askAbout(controlTakeover, protecting(vault), { from: thief, root })).toEqual([])
  })

  test('a contract that was made in the same transaction has nobody to be taken from', () => {
    const root = call(bot, { input: RUN }, create(vault, {}, owned(bot)), payout)
    expect(askAbout(controlTakeover, everything, { from: thief, root })).toEqual([])
  })

  test('naming himself in a set-up call without an event, and then being paid, is flagged', () => {
    const root = call(bot, { input: RUN }, call(vault, { input: data('0xcc2a9a5b', bot) }), payout)
    expect(askAbout(controlTakeover, protecting(vault), { from: thief, root })).toMatchObject([
      { severity: 'high' },
    ])
  })

  test('naming himself as receiver of what he pays for is not', () => {
    const deposit = call(
      vault,
      { input: data('0x6e553f65', bot) },
      pull(usdc, { from: bot, to: vault, amount: 500n }),
    )
    const root = call(bot, { input: RUN }, deposit, payout)
    expect(askAbout(controlTakeover, protecting(vault), { from: thief, root })).toEqual([])
  })
})

describe('a dependency that the actors planted', () => {
  const feed = address('feed')
  const registry = address('registry')
  const market = address('market')
  const borrow = call(
    market,
    { input: '0xc5ebeaec' },
    call(
      registry,
      { type: 'STATICCALL', input: '0xfc57d4df' },
      view(feed, '0x50d25bcd', `0x${word(10n ** 30n)}`),
    ),
    pay(usdc, { from: market, to: bot, amount: 900n }),
  )

  test('an oracle made in the transaction is registered, asked, and paid upon: critical', () => {
    const root = call(
      bot,
      { input: RUN },
      create(feed, {}),
      call(registry, { input: data('0xead99147', feed) }),
      borrow,
    )
    const [found] = askAbout(controlTakeover, protecting(registry), { from: thief, root })
    expect(found).toMatchObject({ severity: 'critical', protected: [registry], victims: [registry, market] })
  })

  test('one that stood before is somebody’s configuration', () => {
    const root = call(bot, { input: RUN }, call(registry, { input: data('0xead99147', feed) }), borrow)
    expect(askAbout(controlTakeover, protecting(registry), { from: thief, root })).toEqual([])
  })
})

describe('what belongs to a stranger', () => {
  const nft = address('nft')
  const stranger = address('stranger')
  const burn = (from: `0x${string}`) =>
    call(
      nft,
      { input: data('0x6ee678ae', from) },
      log(nft, [TOPICS['Transfer(address,address,uint256)'], topicOf(from), topicOf(ZERO), topicOf(7n)]),
    )

  test('destroyed by whoever asks: flagged', () => {
    const root = call(bot, { input: RUN }, burn(stranger))
    expect(askAbout(controlTakeover, protecting(nft), { from: thief, root })).toMatchObject([
      { severity: 'high', victims: [nft, stranger] },
    ])
  })

  test('destroyed by its owner, or by a contract that he called: not', () => {
    expect(askAbout(controlTakeover, protecting(nft), { from: stranger, root: burn(stranger) })).toEqual([])
    const pool = call(
      address('pool'),
      { input: '0x69328dec' },
      call(nft, { input: '0x9dc29fac' }, transferLog(nft, { from: stranger, to: ZERO, amount: 5n })),
    )
    expect(askAbout(controlTakeover, protecting(nft), { from: stranger, root: pool })).toEqual([])
  })

  const signedBurn = (n: bigint, verifier: `0x${string}` = nft) => {
    const signed = `0x${word(n)}${word(27n)}${word(n)}${word(n)}` as const
    const check = view('0x0000000000000000000000000000000000000001', signed, `0x${word(stranger)}`)
    const events = transferLog(nft, { from: stranger, to: ZERO, amount: 5n })
    return verifier === nft
      ? call(nft, { input: '0x1b2ce7f3' }, check, events)
      : call(nft, { input: '0x1b2ce7f3' }, call(verifier, { input: '0x1b2ce7f4' }, check), events)
  }
  const asked = (...inner: ReturnType<typeof call>[]) =>
    askAbout(controlTakeover, protecting(nft), { from: thief, root: call(bot, { input: RUN }, ...inner) })

  test('destroyed on its owner’s signature, handed in by anybody: not; two need two', () => {
    expect(asked(signedBurn(1n))).toEqual([])
    expect(asked(signedBurn(1n), signedBurn(2n))).toEqual([])
  })

  test('destroyed twice on one signature, or on one that somebody else verified: flagged', () => {
    expect(asked(signedBurn(1n), signedBurn(1n))).toHaveLength(1)
    expect(asked(signedBurn(1n, address('liar')))).toHaveLength(1)
  })
})

test('an upgrade that a timelock carries out, and whoever carries it out is refunded by a keeper: not', () => {
  const [timelock, proxy, keeper] = [address('timelock'), address('proxy'), address('keeper')]
  const upgraded = log(proxy, [TOPICS['Upgraded(address)'], topicOf(address('version 2'))])
  const root = call(
    timelock,
    { input: '0x134008d3' },
    call(proxy, { input: data('0x3659cfe6', address('version 2')) }, upgraded),
    call(keeper, { input: '0x01020304' }, pay(usdc, { from: keeper, to: thief, amount: 5n })),
  )
  for (const scope of [protecting(proxy), protecting(proxy, timelock), everything])
    expect(askAbout(controlTakeover, scope, { from: thief, root })).toEqual([])
})

describe('an initialiser of a protected contract', () => {
  const INIT_WALLET = '0xe46dcfeb'
  const from = address('stranger')
  const initialised = (scope: Scope) =>
    askAbout(controlTakeover, scope, { from, root: call(vault, { input: data(INIT_WALLET, 1n) }) })

  test('that goes through although the contract existed already pages, and nothing need be paid', () => {
    expect(initialised(protecting(vault))).toMatchObject([{ severity: 'high', victims: [vault] }])
    // contracts that nobody protects are initialised after their deployment every day
    expect(initialised(everything)).toEqual([])
  })

  test('is quiet in the transaction that creates it, and where it reverts', () => {
    const made = call(bot, {}, create(vault, {}), call(vault, { input: data(INIT_WALLET, 1n) }))
    expect(askAbout(controlTakeover, protecting(vault), { from, root: made })).toEqual([])
    const refused = call(bot, {}, call(vault, { input: data(INIT_WALLET, 1n), error: 'execution reverted' }))
    expect(askAbout(controlTakeover, protecting(vault), { from, root: refused })).toEqual([])
  })
})
