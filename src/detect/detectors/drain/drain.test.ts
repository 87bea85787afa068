import { describe, expect, test } from 'vitest'
import {
  type Act,
  birth,
  burnShares,
  buyShares,
  deposit,
  look,
  redeem,
  usdc,
  vault,
  vaultScope,
  withdraw,
} from '../../../../test/harness/acts.ts'
import {
  address,
  block,
  call,
  data,
  pay,
  pull,
  transferLog,
  view,
  word,
} from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import { SELECTORS, TOPICS } from '../../../facts/signatures.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { createEngine, evaluateSettled, readsWanted } from '../../engine/engine.ts'
import { emptyLedger } from './books.ts'
import { drain, weighShare } from './drain.ts'
import { callsFor, openShares, withShares } from './open-share.ts'

const weth = address('weth')
const [alice, bob, thief] = ['alice', 'bob', 'thief'].map(address) as [Address, Address, Address]

/** Runs one act per block and returns the findings about each. */
function watch(...acts: readonly Act[]): Finding[][] {
  const engine = createEngine({ detectors: [drain], scope: vaultScope })
  return acts.map((act, i) =>
    evaluateSettled(engine, blockFacts(block({ number: i + 1, transactions: [act] }))),
  )
}

const said = (found: readonly Finding[] | undefined): string[] =>
  (found ?? []).map(({ severity, detector }) => `${detector} ${severity}`)

describe('drains', () => {
  test('all of it goes to somebody who never paid in: critical', () => {
    const found = watch(birth, deposit(alice, 1_000n), look(1_000n), withdraw(thief, 1_000n))
    expect(said(found[3])).toEqual(['drain critical'])
    expect(found[3]?.[0]).toMatchObject({ protected: [vault], victims: [vault], categories: ['drain'] })
    expect(found[3]?.[0]?.loss).toEqual([{ account: vault, asset: usdc, amount: 1_000n }])
  })

  test('a claim paid four times what it was paid before: critical', () => {
    const found = watch(
      birth,
      buyShares(alice, 1_000n, 1_000n),
      redeem(alice, 100n, 100n),
      redeem(alice, 100n, 100n),
      redeem(thief, 400n, 100n),
    )
    expect(found.map(said)).toEqual([[], [], [], [], ['drain critical']])
  })

  test('a claim paid more than anybody ever paid for one, before any was ever redeemed: high', () => {
    const found = watch(
      birth,
      buyShares(alice, 1_000n, 1_000n),
      buyShares(bob, 500n, 500n),
      redeem(thief, 400n, 100n),
    )
    expect(found.map(said)).toEqual([[], [], [], ['drain high']])
  })

  test('a drain does not become the norm: the second is told like the first', () => {
    const found = watch(
      birth,
      buyShares(alice, 1_000n, 1_000n),
      redeem(alice, 100n, 100n),
      redeem(alice, 100n, 100n),
      redeem(thief, 400n, 100n),
      redeem(thief, 400n, 100n),
    )
    expect(said(found[5])).toEqual(['drain critical'])
  })

  test('a thief whose whole life was seen cannot be an early saver', () => {
    const engine = [deposit(alice, 10n), { ...look(1_000n), from: bob }]
    const known = watch(...engine, { ...withdraw(thief, 500n), nonce: 0 })
    const unknown = watch(...engine, withdraw(thief, 500n))
    expect(said(known[2])).toEqual(['drain high'])
    expect(said(unknown[2])).toEqual(['drain medium'])
  })
})

test('a saver who often took out his own is not trusted with everybody’s', () => {
  const found = watch(
    birth,
    deposit(alice, 1_000n),
    deposit(thief, 40n),
    look(1_040n),
    withdraw(thief, 10n),
    withdraw(thief, 10n),
    withdraw(thief, 10n),
    withdraw(thief, 10n),
    withdraw(thief, 1_000n),
  )
  expect(said(found.at(-1))).toEqual(['drain critical'])
})

describe('balances that nobody looked at in a transaction', () => {
  /** One act per block, with a node that returns the given balance of the vault after each block. */
  function watchWithNode(acts: readonly Act[], balances: readonly bigint[]) {
    const engine = createEngine({ detectors: [drain], scope: vaultScope })
    const asked: number[] = []
    const found = acts.map((act, i) => {
      const calls = readsWanted(engine)
      asked.push(calls.length)
      const reads = calls.map((call) => ({ ...call, answer: `0x${word(balances[i] ?? 0n)}` as const }))
      return evaluateSettled(engine, {
        ...blockFacts(block({ number: i + 1, transactions: [act] })),
        reads,
      })
    })
    return { found, asked }
  }

  test('are asked of the node once the contract deals in an asset, and not again while transfers tell', () => {
    const acts = [deposit(alice, 10n), deposit(bob, 10n), deposit(bob, 10n), deposit(alice, 10n)]
    const { asked } = watchWithNode(acts, [110n, 120n, 130n, 140n])
    // The chain’s coin first: the contract's balance of it is requested before any deal.
    expect(asked).toEqual([1, 1, 0, 0])
  })

  test('give an outflow its share: nearly all is high although the past was not seen, a hundredth is nothing', () => {
    const all = [deposit(alice, 10n), deposit(bob, 10n), withdraw(thief, 5_019n)]
    const share = watchWithNode(all, [5_010n, 5_020n]).found[2]?.[0]
    expect(share?.evidence[0]?.statement).toContain('100.0 % of the contract’s balance')
    expect(said(watchWithNode(all, [5_010n, 5_020n]).found[2])).toEqual(['drain high'])
    expect(said(watchWithNode(all, [501_990n, 502_000n]).found[2])).toEqual([])
  })

  test('an answer that is no number leaves the balance unknown, and is asked for again later', () => {
    const engine = createEngine({ detectors: [drain], scope: vaultScope })
    const see = (act: Act, answer: `0x${string}` | null) => {
      const reads = readsWanted(engine).map((call) => ({ ...call, answer }))
      evaluateSettled(engine, { ...blockFacts(block({ number: 1, transactions: [act] })), reads })
    }
    see(deposit(alice, 10n), null)
    expect(readsWanted(engine)).toHaveLength(1)
    see(deposit(alice, 10n), '0x')
    expect(readsWanted(engine)).toEqual([])
    for (let i = 0; i < 300; i++) see(deposit(alice, 10n), null)
    expect(readsWanted(engine)).toHaveLength(1)
  })
})

test('of the chain’s coin even the first deal that is seen has its share', () => {
  const engine = createEngine({ detectors: [drain], scope: vaultScope })
  const see = (act: Act): Finding[] => {
    const reads = readsWanted(engine).map((call) => ({ ...call, answer: `0x${word(1_000n)}` as const }))
    return evaluateSettled(engine, { ...blockFacts(block({ number: 1, transactions: [act] })), reads })
  }
  see({ from: bob, root: call(usdc, {}) })
  const taken = call(vault, { input: '0x2e1a7d4d' }, call(thief, { value: 995n }))
  expect(said(see({ from: thief, root: taken }))).toEqual(['drain high'])
})

test('claims that a protected contract hands back: what it had is asked before the log, and the token is nobody who might have paid in', () => {
  const market = address('market')
  const asks = view(market, data('0x70a08231', vault), `0x${word(1_000n)}`)
  const burn = transferLog(market, { from: vault, to: market, amount: 600n })
  const found = watch({
    from: thief,
    nonce: 0,
    root: call(
      vault,
      { input: '0x7b9967a5' },
      call(market, { input: '0x852a12e3' }, call(bob, {}, asks), burn),
    ),
  })
  expect(said(found[0])).toEqual(['drain high'])
  expect(found[0]?.[0]?.message).toContain('60.0 % of the contract’s balance')
})

describe('the first deal in an asset that was there before the watch', () => {
  const farm: Act[] = [{ from: bob, root: call(bob, {}) }]
  /** A farm that keeps a fee: it goes to an account as old as the farm. */
  const exit = (nonce: number): Act => ({
    from: thief,
    nonce,
    root: call(
      vault,
      { input: '0x5312ea8e' },
      pay(usdc, { from: vault, to: thief, amount: 597n }),
      pay(usdc, { from: vault, to: address('treasury'), amount: 3n }),
    ),
  })
  const asked = (nonce: number, had: bigint | null): Finding | null | undefined => {
    const finding = watch(...farm, exit(nonce))[1]?.[0]
    if (finding === undefined) return undefined
    const shares = openShares(finding)
    const answer = had === null ? null : (`0x${word(had)}` as const)
    const reads = callsFor(shares).map((one) => ({ ...one, answer }))
    return withShares(finding, { shares, reads, weigh: weighShare })
  }

  test('is high where a node says that it was a large part, and the taker cannot have paid it in', () => {
    expect(asked(0, 1_000n)).toMatchObject({ severity: 'high', protected: [vault] })
    expect(asked(0, 1_000n)?.message).toContain('60.0 % of what it had at the block before')
  })

  test('is on record where the taker may have paid it in before the watch', () => {
    expect(asked(7, 1_000n)?.severity).toBe('medium')
  })

  test('is not told where it was little, and is as it was where no node answers', () => {
    expect(asked(0, 1_000_000n)).toBeNull()
    expect(asked(0, null)?.severity).toBe('medium')
    expect(asked(7, null)?.severity).toBe('low')
  })
})

describe('benign twins', () => {
  test('a payroll: the same payee, about the same sum, every month', () => {
    const payday = withdraw(address('payroll'), 40n)
    const found = watch(birth, deposit(alice, 1_000n), look(1_000n), payday, payday, payday, {
      ...withdraw(address('payroll'), 80n),
    })
    expect(found.flat()).toEqual([])
  })

  const zap = address('zap')
  /** An account pays in for another account, which the call names. */
  const depositFor = (payer: Address, account: Address, amount: bigint): Act => ({
    from: alice,
    root: call(
      zap,
      { input: '0x12345678' },
      call(
        vault,
        { input: data('0x2f4f21e2', account, amount) },
        pull(usdc, { from: payer, to: vault, amount }),
      ),
    ),
  })

  test('who takes out what another paid in for them, once', () => {
    const found = watch(
      birth,
      deposit(bob, 1_000n),
      depositFor(zap, alice, 600n),
      look(1_600n),
      withdraw(alice, 600n),
      withdraw(alice, 600n),
    )
    expect(found.map(said)).toEqual([[], [], [], [], [], ['drain high']])
  })

  test('who takes out what another paid in for somebody else: high, and the payer has it no more', () => {
    const found = watch(
      birth,
      deposit(bob, 1_000n),
      depositFor(zap, alice, 600n),
      look(1_600n),
      withdraw(thief, 600n),
    )
    expect(said(found.at(-1))).toEqual(['drain high'])
    const both = watch(
      birth,
      deposit(bob, 1_000n),
      depositFor(thief, alice, 600n),
      look(1_600n),
      withdraw(alice, 600n),
      withdraw(thief, 600n),
    )
    expect(both.map(said)).toEqual([[], [], [], [], [], ['drain high']])
  })

  test('who paid in takes out, all of it', () => {
    expect(watch(birth, deposit(alice, 1_000n), look(1_000n), withdraw(alice, 1_000n)).flat()).toEqual([])
  })

  test('a redemption at the usual price, however large', () => {
    const found = watch(
      birth,
      buyShares(alice, 10_000n, 10_000n),
      redeem(alice, 10n, 10n),
      redeem(alice, 10n, 10n),
      look(9_980n),
      redeem(alice, 9_980n, 9_980n),
    )
    expect(found.flat()).toEqual([])
  })

  test('shares that gained a fifth since the last redemption', () => {
    const found = watch(
      birth,
      buyShares(alice, 1_000n, 1_000n),
      redeem(alice, 100n, 100n),
      redeem(alice, 100n, 100n),
      redeem(alice, 120n, 100n),
    )
    expect(found.flat()).toEqual([])
  })

  test('coins unwrapped on the way out are no claim, whatever their price does', () => {
    const zapOut = (amount: bigint): Act => ({
      from: alice,
      root: call(
        address('zapper'),
        { input: '0xdeadbeef' },
        call(
          vault,
          { input: '0xba087652' },
          pay(usdc, { from: vault, to: alice, amount }),
          burnShares(alice, amount),
        ),
        call(
          weth,
          { input: data(SELECTORS['withdraw(uint256)'], 10n) },
          call(address('zapper'), { value: 10n }),
          {
            log: {
              address: weth,
              topics: [TOPICS['Withdrawal(address,uint256)'], `0x${word(address('zapper'))}`],
              data: `0x${word(10n)}`,
            },
          },
        ),
      ),
    })
    const found = watch(birth, buyShares(alice, 10_000n, 10_000n), zapOut(10n), zapOut(10n), zapOut(1_000n))
    expect(found.flat()).toEqual([])
  })

  test('a watch that began yesterday says an early saver’s exit in a low voice, and not again when he comes back', () => {
    const found = watch(deposit(bob, 1n), withdraw(alice, 500n), deposit(alice, 500n), withdraw(alice, 500n))
    expect(found.map(said)).toEqual([[], ['drain low'], [], []])
  })

  test('the very first block that is seen stands alone: an outflow that nothing accounts for is worth a look', () => {
    expect(watch(withdraw(alice, 500n)).map(said)).toEqual([['drain medium']])
  })
})

test('a snapshot is a copy: what happens later does not change it', () => {
  const engine = createEngine({ detectors: [drain], scope: vaultScope })
  const [cell] = engine.cells
  const before = cell?.detector.snapshot(cell.state)
  evaluateSettled(engine, blockFacts(block({ transactions: [birth, { ...deposit(alice, 5n), nonce: 0 }] })))
  expect(before).toEqual(emptyLedger())
  expect(cell?.state).not.toEqual(before)
})
