import { expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  create,
  data,
  delegate,
  log,
  pay,
  pull,
  topicOf,
  transferLog,
  view,
  word,
  ZERO,
} from '../../../test/harness/build.ts'
import { causesOf as causes } from '../../../test/harness/causes.ts'
import { TOPICS } from '../../facts/signatures.ts'
import type { Address } from '../../model/hex.ts'

const named = (name: string): Address => address(name)
const [eve, tool, vault, usdc, weth, share] = ['eve', 'tool', 'vault', 'usdc', 'weth', 'share'].map(
  named,
) as [Address, Address, Address, Address, Address, Address]
const RUN = '0xc0406226'
/** The attacker’s contract does these in order. */
const attack = (...inner: CallNode['inner']): CallNode => call(tool, { input: RUN }, ...inner)
const enter = (to: Address, ...inner: CallNode['inner']): CallNode =>
  call(to, { input: data('0x0badf00d', 1n) }, ...inner)
const calldata = (...parts: readonly string[]): `0x${string}` =>
  `0x0badf00d${parts.map((part) => part.slice(2)).join('')}`

test('the contract that paid is first, with the reason; the token that moved and the lender that was repaid are not named', () => {
  const lender = named('lender')
  const { victims, hypotheses } = causes(
    eve,
    attack(
      enter(lender, pay(usdc, { from: lender, to: tool, amount: 500n })),
      enter(vault, pay(usdc, { from: vault, to: tool, amount: 900n })),
      pay(usdc, { from: tool, to: lender, amount: 501n }),
    ),
  )
  expect(victims.map(({ account }) => account)).toEqual([vault])
  expect(victims[0]?.reasons[0]).toMatch(/100 % of the losses/)
  expect(hypotheses[0]).toMatchObject({ category: 'drain', contract: vault })
})

test('a front through which the loot came is named with the account that lost it', () => {
  const controller = named('controller')
  const payout = enter(controller, enter(vault, pay(usdc, { from: vault, to: tool, amount: 900n })))
  expect(
    causes(eve, attack(payout))
      .victims.map(({ account }) => account)
      .sort(),
  ).toEqual([controller, vault].sort())
})

test('a router is not blamed for the trades that it passes on', () => {
  const [router, pool] = ['router', 'pool'].map(named) as [Address, Address]
  const swap = (asset: Address, into: bigint, other: Address, out: bigint): CallNode =>
    enter(
      router,
      pull(asset, { from: tool, to: pool, amount: into }),
      enter(pool, pay(other, { from: pool, to: tool, amount: out })),
    )
  const { victims } = causes(
    eve,
    attack(
      swap(weth, 100n, usdc, 1_000n),
      enter(vault, pay(usdc, { from: vault, to: tool, amount: 5_000n })),
      swap(usdc, 1_000n, weth, 99n),
    ),
  )
  expect(victims[0]?.account).toBe(vault)
  expect(victims.some(({ account }) => account === router)).toBe(false)
})

test('a helper contract of the attacker that passes everything back is no victim', () => {
  const helper = named('helper')
  const { victims } = causes(
    eve,
    attack(
      enter(vault, pay(share, { from: vault, to: tool, amount: 10n })),
      pay(share, { from: tool, to: helper, amount: 10n }),
      enter(helper, enter(vault, pay(usdc, { from: vault, to: helper, amount: 900n }))),
      call(
        helper,
        { input: RUN },
        pay(usdc, { from: helper, to: tool, amount: 900n }),
        pay(share, { from: helper, to: tool, amount: 10n }),
      ),
    ),
  )
  expect(victims.map(({ account }) => account)).toEqual([vault])
})

test('of several contracts that paid by one function the first stands for all', () => {
  const clones = ['one', 'two', 'three'].map(named)
  const [first] = clones
  const { victims } = causes(
    eve,
    attack(
      ...clones.map((clone, i) =>
        enter(clone, pay(usdc, { from: clone, to: tool, amount: 100n + BigInt(i) })),
      ),
    ),
  )
  expect(victims[0]).toMatchObject({ account: first })
  expect(victims[0]?.reasons.join()).toMatch(/the first of 3 contracts/)
})

test('a contract that is called again in the middle of a payment is re-entered', () => {
  const [inner, outer] = [1n, 2n].map((amount) => pay(usdc, { from: vault, to: tool, amount })) as [
    CallNode,
    CallNode,
  ]
  const { hypotheses } = causes(
    eve,
    attack(enter(vault, call(tool, { input: RUN }, enter(vault, inner)), outer)),
  )
  expect(hypotheses[0]).toMatchObject({ category: 'reentrancy', contract: vault })
})

test('a lender that is called again to be repaid is not', () => {
  const lender = named('lender')
  const { hypotheses } = causes(
    eve,
    attack(
      enter(
        lender,
        pay(usdc, { from: lender, to: tool, amount: 500n }),
        call(
          tool,
          { input: RUN },
          enter(vault, pay(usdc, { from: vault, to: tool, amount: 900n })),
          enter(lender, pull(usdc, { from: tool, to: lender, amount: 501n })),
        ),
      ),
    ),
  )
  expect(hypotheses.map(({ category }) => category)).not.toContain('reentrancy')
})

test('an arbitrary call is one whose target and data the attacker wrote; a transfer that the helper builds itself abuses an approval', () => {
  const [router, owner] = ['router', 'owner'].map(named) as [Address, Address]
  const taken = pull(usdc, { from: owner, to: tool, amount: 900n })
  const written = call(router, { input: calldata(`0x${word(usdc)}`, taken.input) }, taken)
  const built = call(router, { input: data('0x0badf00d', usdc, owner, tool, 900n) }, taken)
  expect(causes(eve, attack(written)).hypotheses[0]).toMatchObject({
    category: 'arbitrary-call',
    contract: router,
  })
  expect(causes(eve, attack(built)).hypotheses[0]).toMatchObject({
    category: 'approval-abuse',
    contract: router,
  })
  expect(causes(eve, attack(built)).victims.map(({ account }) => account)).toEqual([router])
})

test('a contract that runs code of the attacker as its own makes an arbitrary call', () => {
  const child = named('child')
  const root = attack(
    create(child, {}),
    enter(vault, delegate(child, RUN, pay(usdc, { from: vault, to: tool, amount: 900n }))),
  )
  expect(causes(eve, root).hypotheses[0]).toMatchObject({ category: 'arbitrary-call', contract: vault })
})

test('a market that asks a pool which was traded before, and is traded back, paid at a made price', () => {
  const pool = named('pool')
  const trade = (asset: Address, into: bigint, other: Address, out: bigint): CallNode[] => [
    pay(asset, { from: tool, to: pool, amount: into }),
    enter(pool, pay(other, { from: pool, to: tool, amount: out })),
  ]
  const { hypotheses, victims } = causes(
    eve,
    attack(
      ...trade(weth, 1_000n, usdc, 500n),
      enter(
        vault,
        view(pool, '0x0902f1ac', `0x${word(1n)}${word(2n)}${word(3n)}`),
        pay(weth, { from: vault, to: tool, amount: 9_000n }),
      ),
      ...trade(usdc, 500n, weth, 990n),
    ),
  )
  expect(victims[0]?.account).toBe(vault)
  expect(hypotheses[0]).toMatchObject({ category: 'price-manipulation', contract: vault })
  expect(hypotheses[0]?.statement).toContain(pool)
})

test('a contract that asks a contract of its caller’s choice relied on it', () => {
  const fake = named('fake')
  const redeem = call(
    vault,
    { input: data('0x0badf00d', fake, 900n) },
    call(fake, { input: data('0x42966c68', 900n) }),
    pay(usdc, { from: vault, to: tool, amount: 900n }),
  )
  const { hypotheses } = causes(eve, attack(create(fake, {}), redeem))
  expect(hypotheses[0]).toMatchObject({ category: 'data-validation', contract: vault })
})

test('a token that burns what a pool holds is named with the pool, and moved a price', () => {
  const [pool, rebase] = ['pool', 'rebase'].map(named) as [Address, Address]
  const { hypotheses, victims } = causes(
    eve,
    attack(
      call(
        rebase,
        { input: data('0x9dc29fac', pool, 90n) },
        transferLog(rebase, { from: pool, to: ZERO, amount: 90n }),
      ),
      pay(rebase, { from: tool, to: pool, amount: 10n }),
      enter(pool, pay(weth, { from: pool, to: tool, amount: 900n })),
    ),
  )
  expect(
    victims
      .slice(0, 2)
      .map(({ account }) => account)
      .sort(),
  ).toEqual([pool, rebase].sort())
  expect(hypotheses.slice(0, 2)).toContainEqual(
    expect.objectContaining({ category: 'price-manipulation', contract: rebase }),
  )
})

test('an owner that lets the attacker spend its tokens is named', () => {
  const approved = call(
    usdc,
    { input: data('0x095ea7b3', tool, 900n), output: `0x${word(1n)}` },
    log(
      usdc,
      [TOPICS['Approval(address,address,uint256)'], topicOf(vault), topicOf(tool)],
      `0x${word(900n)}`,
    ),
  )
  const root = attack(enter(vault, approved), pull(usdc, { from: vault, to: tool, amount: 900n }))
  const { victims } = causes(eve, root)
  expect(victims[0]).toMatchObject({ account: vault })
  expect(victims[0]?.reasons).toContain('it let the attacker spend its tokens')
})

test('a contract that the sender calls itself is suspected; a plain payment suspects nobody', () => {
  const direct = causes(
    eve,
    call(vault, { input: data('0xe46dcfeb', eve) }, delegate(share, data('0xe46dcfeb', eve))),
  )
  expect(direct.victims[0]).toMatchObject({ account: vault })
  expect(direct.hypotheses[0]).toMatchObject({ category: 'access-control', contract: vault })
  expect(causes(eve, call(vault, { value: 5n })).hypotheses).toEqual([])
})

test('a number beyond half of the range points to an overflow, not to a missing permission', () => {
  const root = call(vault, { input: data('0x83f12fec', 2n ** 255n) })
  expect(causes(eve, root).hypotheses[0]).toMatchObject({ category: 'drain', contract: vault })
  const all = call(vault, { input: data('0x83f12fec', 2n ** 256n - 1n) })
  expect(causes(eve, all).hypotheses[0]).toMatchObject({ category: 'access-control' })
})

test('an oracle that was written just before is the alternative to the market that asked it', () => {
  const oracle = named('oracle')
  const { victims } = causes(
    eve,
    attack(
      call(oracle, { input: data('0xa5ff9f1b', 1n) }),
      enter(
        vault,
        view(oracle, data('0xfc57d4df', 1n), `0x${word(9n)}`),
        pay(usdc, { from: vault, to: tool, amount: 900n }),
      ),
    ),
  )
  expect(victims.map(({ account }) => account)).toEqual([vault, oracle])
  expect(victims[1]?.reasons[0]).toMatch(/changed its state just before/)
})

test('a contract that is only read, or called after the payout, is no alternative', () => {
  const [oracle, late] = ['oracle', 'late'].map(named) as [Address, Address]
  const { victims } = causes(
    eve,
    attack(
      enter(
        vault,
        view(oracle, data('0xfc57d4df', 1n), `0x${word(9n)}`),
        view(late, data('0xfc57d4df', 1n), `0x${word(9n)}`),
        pay(usdc, { from: vault, to: tool, amount: 900n }),
      ),
      call(late, { input: data('0xa5ff9f1b', 1n) }),
    ),
  )
  expect(victims.map(({ account }) => account)).toEqual([vault])
})

test('a pool that lost by its trades is suspected with the token that it trades, not with the coin or a dollar', () => {
  const [pool, thin] = ['pool', 'thin'].map(named) as [Address, Address]
  const dollar: Address = '0xdac17f958d2ee523a2206206994597c13d831ec7'
  const trade = (asset: Address, into: bigint, other: Address, out: bigint): CallNode[] => [
    pay(asset, { from: tool, to: pool, amount: into }),
    enter(pool, pay(other, { from: pool, to: tool, amount: out })),
  ]
  const { victims } = causes(
    eve,
    attack(...trade(dollar, 100n, thin, 100n), ...trade(thin, 100n, dollar, 900_000n)),
  )
  expect(victims.map(({ account }) => account)).toEqual([pool, thin])
})
