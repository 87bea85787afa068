import { describe, expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  data,
  pay,
  pull,
  transaction,
  transferLog,
  ZERO,
} from '../../../test/harness/build.ts'
import type { ActionFact } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { blockFacts } from '../facts.ts'

const [alice, bob, pool, usd, token, share] = ['alice', 'bob', 'pool', 'usd', 'token', 'share'].map(
  address,
) as [Address, Address, Address, Address, Address, Address]

function shapesOf(root: CallNode, logs: 'frames' | 'receipts' | 'none' = 'frames'): ActionFact[] {
  const [tx] = blockFacts(transaction({ from: alice, root, logs })).transactions
  return (tx?.facts ?? []).filter((fact) => fact.kind === 'action')
}
const odd = { input: '0x0badf00d' } as const
const mint = (at: Address, to: Address, amount: bigint) =>
  call(at, { input: data('0x40c10f19', to, amount) }, transferLog(at, { from: ZERO, to, amount }))
const burn = (at: Address, from: Address, amount: bigint) =>
  call(at, { input: data('0x9dc29fac', from, amount) }, transferLog(at, { from, to: ZERO, amount }))

describe.each(['frames', 'receipts', 'none'] as const)('with logs from %s', (logs) => {
  test('assets for new shares are a deposit, shares for assets a withdrawal', () => {
    const deposit = call(pool, odd, pull(usd, { from: alice, to: pool, amount: 100n }), mint(share, bob, 90n))
    expect(shapesOf(deposit, logs)).toEqual([
      {
        kind: 'action',
        action: 'deposit',
        contract: pool,
        implementation: null,
        actor: alice,
        beneficiary: bob,
        given: [{ asset: usd, amount: 100n }],
        taken: [{ asset: share, amount: 90n }],
        protocol: null,
        source: 'shape',
        frame: 0,
      },
    ])
    const withdrawal = call(
      pool,
      odd,
      burn(share, alice, 90n),
      pay(usd, { from: pool, to: bob, amount: 110n }),
    )
    expect(shapesOf(withdrawal, logs)).toMatchObject([
      {
        action: 'withdraw',
        contract: pool,
        given: [{ asset: share, amount: 90n }],
        taken: [{ asset: usd, amount: 110n }],
      },
    ])
  })

  test('debt minted for what was paid out is a loan, debt burned for what came in is paid back', () => {
    const loan = call(
      pool,
      odd,
      mint(share, alice, 1_001n),
      pay(usd, { from: pool, to: alice, amount: 1_000n }),
    )
    expect(shapesOf(loan, logs)).toMatchObject([
      { action: 'borrow', taken: [{ asset: usd, amount: 1_000n }] },
    ])
    const back = call(
      pool,
      odd,
      burn(share, alice, 999n),
      pull(usd, { from: alice, to: pool, amount: 1_000n }),
    )
    expect(shapesOf(back, logs)).toMatchObject([{ action: 'repay', given: [{ asset: usd, amount: 1_000n }] }])
  })

  test('a reward minted beside a payout is no loan', () => {
    const harvest = call(
      pool,
      odd,
      mint(share, alice, 40n),
      pay(usd, { from: pool, to: alice, amount: 1_000n }),
    )
    expect(shapesOf(harvest, logs)).toEqual([])
  })

  test('what is lent and back before the lender’s call ends is a flash loan', () => {
    for (const fee of [0n, 3n]) {
      const root = call(
        bob,
        odd,
        call(
          pool,
          odd,
          pay(usd, { from: pool, to: bob, amount: 100n }),
          call(bob, { input: '0x00000001' }, pay(usd, { from: bob, to: pool, amount: 100n + fee })),
        ),
      )
      expect(shapesOf(root, logs)).toMatchObject([
        {
          action: 'flash-loan',
          contract: pool,
          actor: bob,
          beneficiary: bob,
          given: [{ asset: usd, amount: 100n + fee }],
          taken: [{ asset: usd, amount: 100n }],
          source: 'shape',
          frame: 1,
        },
      ])
    }
  })

  test('the receiver may be one whom the caller names', () => {
    const root = call(
      pool,
      { input: data('0x00000004', bob) },
      pay(usd, { from: pool, to: bob, amount: 100n }),
      call(bob, { input: '0x00000001' }, pay(usd, { from: bob, to: pool, amount: 100n })),
    )
    expect(shapesOf(root, logs)).toMatchObject([{ action: 'flash-loan', actor: alice, beneficiary: bob }])
  })

  test('so is the coin, lent with the call itself', () => {
    const root = call(
      bob,
      odd,
      call(
        pool,
        odd,
        call(bob, { input: '0x00000001', value: 9n }, call(pool, { input: '0x00000002', value: 9n })),
      ),
    )
    expect(shapesOf(root, logs)).toMatchObject([
      { action: 'flash-loan', contract: pool, taken: [{ asset: 'native', amount: 9n }] },
    ])
  })

  test.each<[string, CallNode]>([
    [
      'too little came back',
      call(
        pool,
        { input: data('0x00000004', bob) },
        pay(usd, { from: pool, to: bob, amount: 100n }),
        call(bob, { input: '0x00000001' }, pay(usd, { from: bob, to: pool, amount: 99n })),
      ),
    ],
    [
      'nobody got control in between',
      call(
        pool,
        { input: data('0x00000004', bob) },
        pay(usd, { from: pool, to: bob, amount: 100n }),
        pull(usd, { from: bob, to: pool, amount: 100n }),
      ),
    ],
    [
      'another asset came back: a trade',
      call(
        pool,
        { input: data('0x00000004', bob) },
        pay(usd, { from: pool, to: bob, amount: 100n }),
        call(bob, { input: '0x00000001' }, pay(token, { from: bob, to: pool, amount: 100n })),
      ),
    ],
    [
      'a way round two pools: what came back came from another',
      call(
        bob,
        { input: data('0x00000003', pool) },
        pay(usd, { from: bob, to: pool, amount: 100n }),
        call(pool, odd, pay(token, { from: pool, to: share, amount: 50n })),
        call(share, odd, pay(usd, { from: share, to: bob, amount: 104n })),
      ),
    ],
    [
      'a vault’s own strategy, which the caller did not name',
      call(
        pool,
        odd,
        pay(usd, { from: pool, to: bob, amount: 100n }),
        call(bob, { input: '0x00000001' }, pay(usd, { from: bob, to: pool, amount: 101n })),
      ),
    ],
    [
      'it came back after the call had ended',
      call(
        bob,
        odd,
        call(pool, odd, pay(usd, { from: pool, to: bob, amount: 100n }), call(bob, { input: '0x00000001' })),
        pay(usd, { from: bob, to: pool, amount: 100n }),
      ),
    ],
  ])('no loan: %s', (_name, root) => {
    expect(shapesOf(root, logs)).toEqual([])
  })
})

test('the coin wrapped one for one is neither deposit nor withdrawal', () => {
  const wrap = call(token, { ...odd, value: 8n }, transferLog(token, { from: ZERO, to: alice, amount: 8n }))
  const unwrap = call(
    token,
    odd,
    transferLog(token, { from: alice, to: ZERO, amount: 8n }),
    call(alice, { value: 8n }),
  )
  expect(shapesOf(wrap)).toEqual([])
  expect(shapesOf(unwrap)).toEqual([])
})

test('a stranger’s log about himself does not hide what happened at the pool', () => {
  const lie = transferLog(bob, { from: ZERO, to: bob, amount: 100n })
  const deposit = call(pool, odd, pull(usd, { from: bob, to: pool, amount: 100n }), mint(share, bob, 90n))
  expect(shapesOf(call(bob, odd, lie, deposit)).filter(({ contract }) => contract === pool)).toMatchObject([
    { action: 'deposit', source: 'shape' },
  ])
})

test('liquidity paid ahead (Uniswap v2) counts to the call that issues the shares', () => {
  const root = call(
    bob,
    odd,
    pull(usd, { from: alice, to: pool, amount: 100n }),
    pull(token, { from: alice, to: pool, amount: 50n }),
    call(pool, odd, transferLog(pool, { from: ZERO, to: alice, amount: 7n })),
  )
  expect(shapesOf(root)).toMatchObject([
    {
      action: 'deposit',
      contract: pool,
      given: [
        { asset: usd, amount: 100n },
        { asset: token, amount: 50n },
      ],
      taken: [{ asset: pool, amount: 7n }],
    },
  ])
})

test('who redeems a claim at one contract and pays a debt at another is no vault', () => {
  const root = call(
    bob,
    odd,
    burn(share, bob, 90n),
    call(pool, odd, pay(usd, { from: pool, to: bob, amount: 100n })),
    pay(usd, { from: bob, to: alice, amount: 120n }),
  )
  expect(shapesOf(root)).toEqual([])
})

test('shares that the contract pulled in and burned are a withdrawal', () => {
  const root = call(
    pool,
    odd,
    pull(share, { from: alice, to: pool, amount: 90n }),
    burn(share, pool, 90n),
    pay(usd, { from: pool, to: alice, amount: 100n }),
  )
  expect(shapesOf(root)).toMatchObject([{ action: 'withdraw', contract: pool }])
})

test('the coin wrapped and unwrapped by a trader is no loan of his', () => {
  const root = call(
    bob,
    { input: data('0x00000003', token) },
    call(token, { input: '0xd0e30db0', value: 8n }, transferLog(token, { from: ZERO, to: bob, amount: 8n })),
    call(
      token,
      { input: data('0x2e1a7d4d', 9n) },
      transferLog(token, { from: bob, to: ZERO, amount: 9n }),
      call(bob, { value: 9n }),
    ),
  )
  expect(shapesOf(root).filter(({ action }) => action === 'flash-loan')).toEqual([])
})
