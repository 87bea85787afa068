import { describe, expect, test } from 'vitest'
import type { Act } from '../../../../test/harness/acts.ts'
import { address, block, call, create, data, pay, pull, view, word } from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { Scope } from '../../../model/detector.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import {
  createEngine,
  evaluateBlock,
  evaluateSettled,
  finalize,
  readsWanted,
  rollback,
} from '../../engine/engine.ts'
import { paidIn } from '../paid-in/paid-in.ts'
import { stagedPrice } from './staged-price.ts'

/*
 * A market that lends dollars on coins at the price that a pool has at the moment: half of what they are worth by it.
 */
const [pool, market, router] = [address('pool'), address('market'), address('router')]
const [usdc, coin] = [address('usdc'), address('coin')]
const scope: Scope = { kind: 'contracts', addresses: new Set([market]) }
const [thief, friend, user] = [address('thief'), address('friend'), address('user')]

type Pool = { usdc: bigint; coin: bigint }
/** Product 10^12: a coin costs a dollar where both are a million. */
const poolAt = (dollars: bigint): Pool => ({ usdc: dollars, coin: 10n ** 12n / dollars })
const calm = poolAt(1_000_000n)

const reserves = (at: Pool) =>
  view(
    pool,
    '0x0902f1ac',
    `0x${(coin < usdc ? [at.coin, at.usdc] : [at.usdc, at.coin]).map(word).join('')}${word(0n)}`,
  )

/** Trades the pool from one state to another. */
function trade(from: Address, before: Pool, after: Pool, through?: Address): Act {
  const isPurchase = after.usdc > before.usdc
  const [given, taken] = isPurchase ? [usdc, coin] : [coin, usdc]
  const [amountIn, amountOut] = isPurchase
    ? [after.usdc - before.usdc, before.coin - after.coin]
    : [after.coin - before.coin, before.usdc - after.usdc]
  const moves = [
    reserves(before),
    pull(given, { from, to: pool, amount: amountIn }),
    call(pool, { input: '0x022c0d9f' }, pay(taken, { from: pool, to: from, amount: amountOut })),
  ]
  return { from, root: call(through ?? router, { input: '0x12345678' }, ...moves) }
}

function pledge(from: Address, amount: bigint): Act {
  return { from, root: call(market, { input: '0xbad4a01f' }, pull(coin, { from, to: market, amount })) }
}

function borrow(from: Address, amount: bigint, at: Pool): Act {
  const input = data('0xc5ebeaec', amount)
  return {
    from,
    root: call(market, { input }, reserves(at), pay(usdc, { from: market, to: from, amount })),
  }
}

const said = (found: readonly Finding[]): string[] =>
  found.map(({ detector, severity }) => `${detector} ${severity}`)

function watch(...acts: readonly Act[]): Finding[][] {
  const engine = createEngine({ detectors: [stagedPrice, paidIn], scope })
  return acts.map((act, i) =>
    evaluateSettled(engine, blockFacts(block({ number: i + 1, transactions: [act] }))),
  )
}

const before = [pledge(user, 1_000n), borrow(user, 500n, calm), trade(user, calm, calm)]
const pumped = poolAt(2_000_000n)

describe('a price that is moved in one transaction and dealt on in another', () => {
  test('by one account with its own money: critical, with what the security is worth at the price before', () => {
    const found = watch(
      ...before.slice(0, 2),
      trade(thief, calm, pumped),
      pledge(thief, 100_000n),
      borrow(thief, 200_000n, pumped),
      trade(thief, pumped, calm),
    )
    expect(found.map(said)).toEqual([[], [], [], [], ['staged-price critical'], []])
    expect(found[4]?.[0]?.message).toContain('a factor of 4.00 from what it was before')
    expect(found[4]?.[0]?.message).toContain(`100000 of ${usdc} more`)
    expect(found[4]?.[0]).toMatchObject({ protected: [market], victims: [market] })
  })

  test('the first deal that is ever seen of the market is told too', () => {
    const found = watch(trade(thief, calm, pumped), pledge(thief, 100_000n), borrow(thief, 200_000n, pumped))
    expect(said(found[2] ?? [])).toEqual(['staged-price critical'])
  })

  test('bit by bit, over forty blocks', () => {
    const steps = Array.from({ length: 40 }, (_, n) =>
      trade(thief, poolAt(1_000_000n + BigInt(n) * 25_000n), poolAt(1_025_000n + BigInt(n) * 25_000n)),
    )
    const found = watch(...before, ...steps, pledge(thief, 100_000n), borrow(thief, 200_000n, pumped))
    expect(said(found.at(-1) ?? [])).toEqual(['staged-price critical'])
  })

  test('and held while others look at it a hundred times', () => {
    const looks = Array.from(
      { length: 100 },
      (): Act => ({
        from: friend,
        root: call(address('viewer'), { input: '0x12345678' }, reserves(pumped)),
      }),
    )
    const found = watch(
      ...before,
      ...Array.from({ length: 200 }, () => ({ from: user, root: call(user, {}) })),
      trade(thief, calm, pumped),
      ...looks,
      pledge(thief, 100_000n),
      borrow(thief, 200_000n, pumped),
    )
    expect(said(found.at(-1) ?? [])).toEqual(['staged-price critical'])
  })

  test('behind a thousand other looks at a price in the same transaction', () => {
    const looks = Array.from({ length: 1_000 }, (_, n) =>
      view(address(`feed ${n}`), '0x50d25bcd', `0x${word(1n)}`),
    )
    const helper = address('helper')
    const noisy = (act: Act): Act => ({
      ...act,
      root: call(helper, { input: '0x11111111' }, ...looks, act.root),
    })
    const found = watch(
      ...before,
      trade(thief, calm, pumped),
      pledge(thief, 100_000n),
      noisy(borrow(thief, 200_000n, pumped)),
    )
    expect(said(found.at(-1) ?? [])).toEqual(['staged-price critical'])
  })

  test('where another contract keeps the money and pays it on the market’s word', () => {
    const keeper = address('keeper')
    const lend: Act = {
      from: thief,
      root: call(
        market,
        { input: data('0xc5ebeaec', 200_000n) },
        reserves(pumped),
        call(keeper, { input: '0x4efecaa5' }, pay(usdc, { from: keeper, to: thief, amount: 200_000n })),
      ),
    }
    const found = watch(...before, trade(thief, calm, pumped), pledge(thief, 100_000n), lend)
    expect(said(found.at(-1) ?? [])).toEqual(['staged-price high'])
  })

  test('by a contract wallet whose calls others send', () => {
    const wallet = address('wallet')
    const sent = (by: string, act: Act): Act => ({
      from: address(by),
      root: call(
        address('entry point'),
        { input: '0x1fad948c' },
        call(wallet, { input: '0x541d63c8' }, act.root),
      ),
    })
    const found = watch(
      ...before,
      sent('bundler', trade(wallet, calm, pumped)),
      sent('another', pledge(wallet, 100_000n)),
      sent('a third', borrow(wallet, 200_000n, pumped)),
    )
    expect(said(found.at(-1) ?? [])).toEqual(['staged-price critical'])
  })

  test('by a second account that began with the coin of the first', () => {
    const fund: Act = { from: thief, root: call(friend, { value: 10n ** 18n }) }
    const found = watch(
      ...before,
      fund,
      trade(thief, calm, pumped),
      { ...pledge(friend, 100_000n), nonce: 0 },
      borrow(friend, 200_000n, pumped),
    )
    expect(said(found.at(-1) ?? [])).toEqual(['staged-price critical'])
  })

  test('by another new account that was handed what it pledges', () => {
    const hand: Act = { from: thief, root: pay(coin, { from: thief, to: friend, amount: 100_000n }) }
    const found = watch(
      ...before,
      { from: friend, nonce: 0, root: call(user, {}) },
      trade(thief, calm, pumped),
      hand,
      pledge(friend, 100_000n),
      borrow(friend, 200_000n, pumped),
    )
    expect(said(found.at(-1) ?? [])).toEqual(['staged-price critical'])
  })

  test('by a contract that was made for it, called by somebody else', () => {
    const helper = address('helper')
    const made: Act = { from: thief, root: create(helper, {}) }
    const through = (act: Act): Act => ({
      ...act,
      from: friend,
      root: call(helper, { input: '0x11111111' }, act.root),
    })
    const found = watch(
      ...before,
      made,
      trade(thief, calm, pumped),
      through(pledge(helper, 100_000n)),
      through(borrow(helper, 200_000n, pumped)),
    )
    expect(said(found.at(-1) ?? [])).toEqual(['staged-price critical'])
  })
})

describe('benign twins', () => {
  test('an unrelated account that borrows at a moved price', () => {
    const found = watch(
      ...before,
      trade(thief, calm, pumped),
      pledge(friend, 100_000n),
      borrow(friend, 200_000n, pumped),
    )
    expect(found.flat()).toEqual([])
  })

  test('a stranger’s dust makes nobody an accomplice', () => {
    const dust: Act = { from: thief, root: pay(coin, { from: thief, to: friend, amount: 10n }) }
    const coins: Act = { from: thief, root: call(friend, { value: 1n }) }
    const found = watch(
      ...before,
      dust,
      coins,
      trade(thief, calm, pumped),
      pledge(friend, 100_000n),
      borrow(friend, 200_000n, pumped),
    )
    expect(found.flat()).toEqual([])
  })

  test('nor does a large gift, of an old user whose security was there before the watch', () => {
    const gift: Act = { from: thief, root: pay(coin, { from: thief, to: friend, amount: 1_000n }) }
    const found = watch(
      ...before,
      gift,
      trade(thief, calm, pumped),
      pledge(friend, 1_000n),
      borrow(friend, 200_000n, pumped),
    )
    expect(found.flat()).toEqual([])
  })

  test('a protected router through which the same account buys again at its own price', () => {
    const routed: Scope = { kind: 'contracts', addresses: new Set([router]) }
    const engine = createEngine({ detectors: [stagedPrice], scope: routed })
    const dear = poolAt(3_000_000n)
    const handed = [
      reserves(pumped),
      pull(usdc, { from: thief, to: router, amount: 1_000_000n }),
      pay(usdc, { from: router, to: pool, amount: 1_000_000n }),
      call(
        pool,
        { input: '0x022c0d9f' },
        pay(coin, { from: pool, to: router, amount: pumped.coin - dear.coin }),
      ),
      pay(coin, { from: router, to: thief, amount: pumped.coin - dear.coin }),
    ]
    const acts: Act[] = [
      trade(thief, calm, pumped),
      { from: thief, root: call(router, { input: '0x12345678' }, ...handed) },
    ]
    const found = acts.map((act, i) =>
      evaluateSettled(engine, blockFacts(block({ number: i + 1, transactions: [act] }))),
    )
    expect(found.flat()).toEqual([])
  })

  test('who moves the price back and then borrows', () => {
    const found = watch(
      ...before,
      trade(friend, calm, pumped),
      trade(thief, pumped, calm),
      pledge(thief, 100_000n),
      borrow(thief, 50_000n, calm),
    )
    expect(found.flat()).toEqual([])
  })

  test('a loan that what was pledged covers at the price before as well', () => {
    const found = watch(
      ...before,
      trade(thief, calm, poolAt(1_200_000n)),
      pledge(thief, 100_000n),
      borrow(thief, 70_000n, poolAt(1_200_000n)),
    )
    expect(found.flat()).toEqual([])
  })

  test('a small trade before a loan, while the market as a whole moves the price', () => {
    const found = watch(
      ...before,
      trade(thief, calm, poolAt(1_010_000n)),
      trade(friend, poolAt(1_010_000n), pumped),
      pledge(thief, 100_000n),
      borrow(thief, 200_000n, pumped),
    )
    expect(found.flat()).toEqual([])
  })

  test('a price that a buyer moved and that has held since: it is the price', () => {
    const engine = createEngine({ detectors: [stagedPrice], scope })
    const look: Act = {
      from: friend,
      root: call(address('viewer'), { input: '0x12345678' }, reserves(pumped)),
    }
    const acts = [
      ...before,
      trade(thief, calm, pumped),
      look,
      pledge(thief, 100_000n),
      borrow(thief, 200_000n, pumped),
    ]
    const found = acts.map((act, i) => {
      const facts = blockFacts(block({ number: i + 1, transactions: [act] }))
      const timestamp = 1_600_000_000 + (i < 5 ? i * 12 : 50_000)
      return evaluateSettled(engine, { ...facts, bundle: { ...facts.bundle, timestamp } })
    })
    expect(found.flat()).toEqual([])
  })

  test('a fund that pays for many accounts makes none of them its own', () => {
    const accounts = Array.from({ length: 12 }, (_, n) => address(`account ${n}`))
    const begin = accounts.flatMap((account): Act[] => [
      { from: thief, root: call(account, { value: 10n }) },
      { from: account, nonce: 0, root: call(user, {}) },
    ])
    const last = accounts[11] ?? user
    const found = watch(
      ...before,
      ...begin,
      trade(thief, calm, pumped),
      pledge(last, 100_000n),
      borrow(last, 200_000n, pumped),
    )
    expect(found.flat()).toEqual([])
  })
})

test('the price is asked of the node where nobody looks at it, and its answer counts', () => {
  const engine = createEngine({ detectors: [stagedPrice], scope })
  const see = (act: Act, number: number, now: Pool): Finding[] => {
    const answer = reserves(now).output
    const reads = readsWanted(engine).map(({ to, data: asked }) => ({ to, data: asked, answer }))
    return evaluateSettled(engine, { ...blockFacts(block({ number, transactions: [act] })), reads })
  }
  const idle = (): Act => ({ from: user, root: call(user, {}) })
  see(before[1] ?? idle(), 1, calm)
  for (let n = 2; n < 10; n++) see(idle(), n, calm)
  const dear = poolAt(4_000_000n)
  // the market moved the price in pools that the market does not ask, and arbitrage would follow: here it just is so
  for (let n = 10; n < 60_000; n += 5_000) see(idle(), n, dear)
  const moved: Act[] = [
    trade(thief, dear, poolAt(4_010_000n)),
    pledge(thief, 100_000n),
    borrow(thief, 800_000n, dear),
  ]
  expect(moved.flatMap((act, i) => see(act, 60_000 + i, dear))).toEqual([])
})

test('a reorg takes back what was traded', () => {
  const engine = createEngine({ detectors: [stagedPrice], scope })
  const acts = [...before.slice(0, 2), trade(thief, calm, pumped), pledge(thief, 100_000n)]
  const blocks = acts.map((act, i) => blockFacts(block({ number: i + 1, transactions: [act] })))
  for (const facts of blocks) evaluateBlock(engine, facts)
  const at = (n: number) => ({ number: n, hash: blocks[n - 1]?.bundle.hash ?? null })
  finalize(engine, at(1))
  rollback(engine, at(2))
  const again = [pledge(thief, 100_000n), borrow(thief, 200_000n, pumped)]
  const found = again.map((act, i) =>
    evaluateBlock(engine, blockFacts(block({ number: i + 3, fork: 'b', transactions: [act] }))),
  )
  expect(found.flat()).toEqual([])
})
