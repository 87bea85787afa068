import { expect, test } from 'vitest'
import type { CallNode, LogNode } from '../../../../test/harness/build.ts'
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
import { VALUATIONS } from '../../../facts/signatures.ts'
import type { Hex } from '../../../model/hex.ts'
import { readOnlyReentrancy } from './read-only-reentrancy.ts'

const eoa = address('eoa')
const bot = address('bot')
const pool = address('curve pool')
const lp = address('lp token')
const lending = address('lending')
const dai = address('dai')
const steth = address('steth')
const vault = address('balancer vault')
const RUN = '0xc0406226'
const scope = protecting(lending)

const virtualPrice = (value: bigint): CallNode =>
  view(pool, VALUATIONS['get_virtual_price()'], `0x${word(value)}`)
const borrow = (...reads: CallNode[]): CallNode =>
  call(
    lending,
    { input: data('0xc5ebeaec', 900n) },
    ...reads,
    pay(dai, { from: lending, to: bot, amount: 900n }),
  )
const burnLp: LogNode = transferLog(lp, { from: bot, to: ZERO, amount: 100n })

/** Curve: claims are burned, the coin is sent (and gives control), then the other asset. */
const removeLiquidity = (during: readonly CallNode[], { rest = true } = {}): CallNode =>
  call(
    pool,
    { input: data('0x5b36389c', 100n) },
    call(lp, { input: data('0x79cc6790', bot, 100n) }, burnLp),
    call(bot, { value: 50n }, ...during),
    ...(rest ? [pay(steth, { from: pool, to: bot, amount: 50n })] : []),
  )
const run = (...inner: CallNode[]) => ({ from: eoa, root: call(bot, { input: RUN }, ...inner) })
const ask = (tx: { from: Hex; root: CallNode }) => askAbout(readOnlyReentrancy, scope, tx)

test('a loan on a virtual price that was asked in the middle of a withdrawal is told', () => {
  const found = ask(run(removeLiquidity([borrow(virtualPrice(1_900n))])))
  expect(found).toMatchObject([
    {
      severity: 'high',
      categories: ['reentrancy', 'read-only-reentrancy'],
      victims: [lending, pool],
      protected: [lending],
    },
  ])
})

test('it is surer where the same question has another answer after the call', () => {
  const after = view(pool, VALUATIONS['get_virtual_price()'], `0x${word(1_000n)}`)
  const [found] = ask(run(removeLiquidity([borrow(virtualPrice(1_900n))]), after))
  expect(found).toMatchObject({ severity: 'critical' })
  expect(found?.message).toContain('47.4 % away')
})

test('the price was asked through an oracle', () => {
  const oracle = call(
    address('oracle'),
    { type: 'STATICCALL', input: '0x50d25bcd', output: `0x${word(1n)}` },
    virtualPrice(1_900n),
  )
  expect(ask(run(removeLiquidity([borrow(oracle)])))).toHaveLength(1)
})

test('the same answer after the call says that nothing was wrong', () => {
  expect(ask(run(removeLiquidity([borrow(virtualPrice(1_000n))]), virtualPrice(1_000n)))).toEqual([])
})

test('a loan before or after the withdrawal is a loan', () => {
  expect(ask(run(borrow(virtualPrice(1_000n)), removeLiquidity([])))).toEqual([])
  expect(ask(run(removeLiquidity([]), borrow(virtualPrice(1_000n))))).toEqual([])
})

test('who is only asked and pays nothing is no victim', () => {
  const look = call(lending, { input: '0x11111111' }, virtualPrice(1_900n))
  expect(ask(run(removeLiquidity([look])))).toEqual([])
})

test('the pool reads itself, or a router reads it before it sends control on: no way in', () => {
  expect(
    ask(
      run(
        removeLiquidity([
          call(
            pool,
            { input: '0x22222222' },
            virtualPrice(1n),
            pay(dai, { from: pool, to: bot, amount: 1n }),
          ),
        ]),
      ),
    ),
  ).toEqual([])
})

/** Uniswap v3: lent, called back, paid back; every trader in between reads the pool’s slot. */
test('a flash loan’s callback that trades where its pool is asked is left alone', () => {
  const slot = view(pool, VALUATIONS['slot0()'], `0x${word(77n)}${word(3n)}`)
  const trade = call(
    lending,
    { input: '0x414bf389' },
    slot,
    pay(dai, { from: lending, to: bot, amount: 40n }),
  )
  const flash = (...after: CallNode[]) =>
    run(
      call(
        pool,
        { input: data('0x490e6cbc', bot, 10n, 0n) },
        pay(steth, { from: pool, to: bot, amount: 10n }),
        call(bot, { input: '0xe9cbafb0' }, trade, pay(steth, { from: bot, to: pool, amount: 11n })),
      ),
      ...after,
    )
  expect(ask(flash())).toEqual([])
  expect(askAbout(readOnlyReentrancy, everything, flash(slot))).toEqual([])
})

test('arbitrage inside a Balancer flash loan that asks for the vault’s balances is left alone', () => {
  const tokens = view(vault, data('0xf94d4668', 1n), `0x${word(96n)}${word(500n)}`)
  const trade = call(
    lending,
    { input: '0x128acb08' },
    tokens,
    pay(dai, { from: lending, to: bot, amount: 5n }),
  )
  const root = run(
    call(
      vault,
      { input: data('0x5c38449e', bot) },
      pay(dai, { from: vault, to: bot, amount: 100n }),
      call(bot, { input: '0xf04f2707' }, trade, pay(dai, { from: bot, to: vault, amount: 100n })),
    ),
    tokens,
  )
  expect(ask(root)).toEqual([])
  expect(askAbout(readOnlyReentrancy, everything, root)).toEqual([])
})

test('a lender that pulls its money back after the callback is left alone', () => {
  const lender = address('lender')
  const assets = view(lender, VALUATIONS['totalAssets()'], `0x${word(5n)}`)
  const root = run(
    call(
      lender,
      { input: data('0x5cffe9de', bot, dai, 100n) },
      pay(dai, { from: lender, to: bot, amount: 100n }),
      call(bot, { input: '0x23e30c8b' }, borrow(assets)),
      pull(dai, { from: bot, to: lender, amount: 100n }),
    ),
  )
  expect(ask(root)).toEqual([])
})

/** Uniswap v4: the manager passes control on and moves tokens only when it is called again. */
test('hooks and traders that ask the v4 manager while it is unlocked are left alone', () => {
  const manager = address('manager')
  const state = view(manager, data('0x1e2eaeaf', 9n), `0x${word(123n)}`)
  const hook = call(address('hook'), { input: '0x575e24b4' }, state)
  const swap = call(manager, { input: '0xf3cd914c' }, hook)
  const take = call(manager, { input: '0x0b0d9c09' }, pay(dai, { from: manager, to: bot, amount: 9n }))
  const trade = call(
    lending,
    { input: '0x414bf389' },
    state,
    pay(dai, { from: lending, to: bot, amount: 4n }),
  )
  const unlocked = call(
    manager,
    { input: data('0x48c89491', 1n) },
    call(bot, { input: '0x91dd7346' }, swap, trade, take),
  )
  expect(ask(run(unlocked))).toEqual([])
  expect(askAbout(readOnlyReentrancy, everything, run(unlocked))).toEqual([])
})

test('a token that sells its own tax in the middle of a transfer, to a pair that asks its balance, is left alone', () => {
  const token = address('tax token')
  const pair = address('pair')
  const balance = (amount: bigint) => view(token, data('0x70a08231', pair), `0x${word(amount)}`)
  const sale = call(
    pair,
    { input: '0x022c0d9f' },
    balance(9_000n),
    pay(dai, { from: pair, to: bot, amount: 4n }),
  )
  const root = run(
    call(token, { input: data('0x23b872dd', eoa, pair, 50n) }, call(bot, { input: '0x791ac947' }, sale)),
    balance(9_700n),
  )
  expect(askAbout(readOnlyReentrancy, everything, root)).toEqual([])
})
