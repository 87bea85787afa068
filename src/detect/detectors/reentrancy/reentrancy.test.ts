import { describe, expect, test } from 'vitest'
import { vaultScope as scope, vault } from '../../../../test/harness/acts.ts'
import {
  address,
  type CallNode,
  call,
  create,
  data,
  pay,
  pull,
  transaction,
  transferLog,
  ZERO,
} from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { Scope } from '../../../model/detector.ts'
import type { Finding } from '../../../model/finding.ts'
import { createEngine, evaluateSettled } from '../../engine/engine.ts'
import { reentrancy } from './reentrancy.ts'

const alice = address('alice')
const thief = address('thief contract')
const usdc = address('usdc')
const WITHDRAW = data('0x2e1a7d4d', 5n)

function findIn(root: CallNode, over: Scope = scope): Finding[] {
  const engine = createEngine({ detectors: [reentrancy], scope: over })
  return evaluateSettled(engine, blockFacts(transaction({ from: alice, root })))
}
const attack = (inner: CallNode): CallNode =>
  call(thief, { input: '0xc0406226' }, call(vault, { input: WITHDRAW }, call(thief, { value: 5n }, inner)))

describe('reentrancy', () => {
  test('the coin is paid before the book is written, and the payee comes back (The DAO)', () => {
    const [found] = findIn(attack(call(vault, { input: WITHDRAW }, call(thief, { value: 5n }))))
    expect(found).toMatchObject({
      severity: 'critical',
      protected: [vault],
      victims: [vault],
      categories: ['reentrancy'],
    })
    expect(found?.actors).toContain(thief)
    expect(found?.evidence[0]?.frames).toEqual([1, 3])
  })

  test('nobody need be protected for it to be seen', () => {
    const root = attack(call(vault, { input: WITHDRAW }, call(thief, { value: 5n })))
    expect(findIn(root, { kind: 'everything' })).toHaveLength(1)
    expect(findIn(root, { kind: 'contracts', addresses: new Set([usdc]) })).toMatchObject([
      { outside: true, protected: [] },
    ])
  })

  test('while nothing is protected, the wallet that a sender calls may be called back by a lender', () => {
    const loan = call(thief, { input: '0x5cffe9de' }, call(vault, { input: WITHDRAW }))
    const root = call(vault, { input: WITHDRAW }, loan, call(thief, { value: 5n }))
    expect(findIn(root, { kind: 'everything' })).toEqual([])
  })

  test('shares are minted twice for one deposit, through a token’s hook', () => {
    const mint = (amount: bigint) => transferLog(vault, { from: ZERO, to: thief, amount })
    const deposit = '0xb6b55f25'
    const root = call(
      thief,
      { input: '0xc0406226' },
      call(
        vault,
        { input: data(deposit, 100n) },
        call(thief, { input: '0x75ab0000' }, call(vault, { input: data(deposit, 100n) }, mint(100n))),
        pull(usdc, { from: thief, to: vault, amount: 100n }),
        mint(100n),
      ),
    )
    expect(findIn(root)).toHaveLength(1)
  })

  test('a way back in that was refused is told, but never loudly', () => {
    const [found] = findIn(attack(call(vault, { input: WITHDRAW, error: 'execution reverted' })))
    expect(found?.severity ?? 'medium').toBe('medium')
  })
})

describe('benign twins', () => {
  test('a payee that takes the coin and calls nobody', () => {
    expect(
      findIn(
        call(thief, { input: '0xc0406226' }, call(vault, { input: WITHDRAW }, call(thief, { value: 5n }))),
      ),
    ).toEqual([])
  })

  test('a payee that comes back to pay in what it was paid: a flash loan', () => {
    const repay = call(vault, { input: '0xb6b55f25' }, pull(usdc, { from: thief, to: vault, amount: 1_001n }))
    const root = call(
      thief,
      { input: '0xc0406226' },
      call(
        vault,
        { input: '0x5cffe9de' },
        pay(usdc, { from: vault, to: thief, amount: 1_000n }),
        call(thief, { input: '0x23e30c8b' }, repay),
      ),
    )
    expect(findIn(root)).toEqual([])
  })

  test('two withdrawals one after the other', () => {
    const once = call(vault, { input: WITHDRAW }, call(thief, { value: 5n }))
    expect(findIn(call(thief, { input: '0xc0406226' }, once, once))).toEqual([])
  })

  test('a contract that calls itself, and one that reads the vault from within', () => {
    const root = call(
      thief,
      { input: '0xc0406226' },
      call(
        vault,
        { input: WITHDRAW },
        call(vault, { input: '0x11111111' }),
        call(thief, { value: 5n }, call(vault, { type: 'STATICCALL', input: '0x70a08231' })),
      ),
    )
    expect(findIn(root)).toEqual([])
  })

  test('a failed transaction took nothing', () => {
    const root = attack(call(vault, { input: WITHDRAW }, call(thief, { value: 5n })))
    expect(findIn({ ...root, error: 'execution reverted' })).toEqual([])
  })

  test('a creation in between changes nothing about an honest withdrawal', () => {
    expect(
      findIn(
        call(
          thief,
          { input: '0xc0406226' },
          create(address('child'), {}),
          call(vault, { input: WITHDRAW }, call(thief, { value: 5n })),
        ),
      ),
    ).toEqual([])
  })

  test('a token that tells its receiver (ERC-777), who uses what he got elsewhere', () => {
    const told = call(
      thief,
      { input: '0x0023de29' },
      pay(usdc, { from: thief, to: address('shop'), amount: 5n }),
    )
    const root = call(
      thief,
      { input: '0xc0406226' },
      call(
        vault,
        { input: WITHDRAW },
        call(
          usdc,
          { input: data('0xa9059cbb', thief, 5n) },
          transferLog(usdc, { from: vault, to: thief, amount: 5n }),
          told,
        ),
      ),
    )
    expect(findIn(root)).toEqual([])
    expect(findIn(root, { kind: 'contracts', addresses: new Set([usdc]) })).toEqual([])
  })

  test('a hook that the pool chose settles with the manager in mid-swap (V4)', () => {
    const hook = address('hook')
    const settle = call(vault, { input: '0x11da60b4' }, pull(usdc, { from: hook, to: vault, amount: 1n }))
    const root = call(
      thief,
      { input: '0xc0406226' },
      pull(usdc, { from: thief, to: vault, amount: 100n }),
      call(
        vault,
        { input: '0xf3cd914c' },
        call(hook, { input: '0x575e24b4' }, settle),
        pay(address('dai'), { from: vault, to: thief, amount: 99n }),
      ),
    )
    expect(findIn(root)).toEqual([])
  })
})
