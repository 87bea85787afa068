import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, call, transaction, ZERO } from '../../test/harness/build.ts'
import type { Transaction } from '../model/block.ts'
import { NATIVE } from '../model/block.ts'
import type { Fact, TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { coinMirrorsIn, coinMoved, withoutMirrors } from './coin.ts'

const [alice, bob, carol, mirror, token] = ['alice', 'bob', 'carol', 'mirror', 'token'].map(address) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
/** Tokens of the chain itself: ZKsync's coin, EIP-7708's sender of logs. */
const kernel: Address = `0x${'800a'.padStart(40, '0')}`
const system: Address = `0x${'f'.repeat(39)}e`

const coin = (from: Address, to: Address, amount: bigint): TransferFact =>
  coinMoved({ from, to, amount, frame: 0 })
const logged = (asset: Address, from: Address, to: Address, amount: bigint): TransferFact => ({
  ...coin(from, to, amount),
  standard: 'erc20',
  asset,
})

/** A transaction whose trace has these callees below a call of `bob` by `alice`. */
function traced(...callees: Address[]): Transaction {
  const root = call(bob, {}, ...callees.map((callee) => call(callee, {})))
  const [first] = transaction({ from: alice, root }).transactions
  if (first === undefined) throw new Error('one transaction was built')
  return first
}
const untraced: Transaction = { ...traced(), frames: [] }
const mirrors = (facts: readonly Fact[], of: Transaction = traced()): Address[] => [
  ...coinMirrorsIn([{ transaction: of, facts }]),
]

describe('a token that mirrors the coin', () => {
  test('repeats every movement of the coin, each as often as it happened', () => {
    const coins = [coin(alice, bob, 5n), coin(alice, bob, 5n), coin(bob, carol, 3n)]
    const repeated = coins.map(({ from, to, amount }) => logged(mirror, from, to, amount))
    expect(mirrors([...coins, ...repeated])).toEqual([mirror])
    expect(mirrors([...coins, ...repeated.slice(1)])).toEqual([])
    expect(mirrors([...coins, ...repeated.slice(0, 2)])).toEqual([])
  })

  test('may log more than the coin moves by calls', () => {
    expect(
      mirrors([coin(alice, bob, 5n), logged(mirror, alice, bob, 5n), logged(mirror, alice, carol, 1n)]),
    ).toEqual([mirror])
  })

  test('moves the same amount between the same accounts: else it is another token', () => {
    const moved = coin(alice, bob, 5n)
    for (const other of [
      logged(token, alice, bob, 6n),
      logged(token, carol, bob, 5n),
      logged(token, alice, carol, 5n),
      { ...logged(token, alice, bob, 5n), standard: 'erc721' as const },
    ])
      expect(mirrors([moved, other])).toEqual([])
  })

  test('is called by nobody but the chain', () => {
    const facts = [coin(alice, bob, 5n), logged(mirror, alice, bob, 5n)]
    expect(mirrors(facts, traced(mirror))).toEqual([])
    expect(mirrors(facts, traced(token))).toEqual([mirror])
    const byKernel = traced(mirror)
    const frames = byKernel.frames.map((frame) => ({ ...frame, from: kernel }))
    expect(mirrors(facts, { ...byKernel, frames })).toEqual([mirror])
    const unknown = byKernel.frames.map((frame) => ({ ...frame, from: null }))
    expect(mirrors(facts, { ...byKernel, frames: unknown })).toEqual([])
  })

  test('without calls must be an account of the chain', () => {
    const facts = [coin(alice, bob, 5n), logged(mirror, alice, bob, 5n), logged(system, alice, bob, 5n)]
    expect(mirrors(facts, untraced)).toEqual([system])
  })

  test('is not known from a transaction that moves no coin, or only issues it or sends it in a circle', () => {
    expect(mirrors([logged(mirror, alice, bob, 5n)])).toEqual([])
    expect(mirrors([coin(ZERO, bob, 5n), logged(mirror, ZERO, bob, 5n)])).toEqual([])
    expect(mirrors([coin(bob, bob, 5n), logged(mirror, bob, bob, 5n)])).toEqual([])
  })
})

describe('the coin, counted once', () => {
  const known = new Set([mirror])
  const once = (facts: readonly Fact[], of: ReadonlySet<Address> = known) =>
    withoutMirrors({ transaction: traced(), facts }, of)

  test('a mirror’s log of a movement by call is left out, and other tokens stay', () => {
    const other = logged(token, alice, bob, 5n)
    const facts = [coin(alice, bob, 5n), logged(mirror, alice, bob, 5n), other]
    expect(once(facts)).toEqual([coin(alice, bob, 5n), other])
  })

  test('a log that has no call is a movement of the coin, but for fees to and from the chain', () => {
    const facts = [
      coin(alice, bob, 5n),
      logged(mirror, alice, bob, 5n),
      logged(mirror, alice, bob, 5n),
      logged(mirror, alice, system, 1n),
      logged(mirror, system, carol, 1n),
      { ...logged(mirror, bob, carol, 2n), frame: 4 },
    ]
    expect(once(facts)).toEqual([
      coin(alice, bob, 5n),
      coin(alice, bob, 5n),
      { ...coin(bob, carol, 2n), frame: 4 },
    ])
  })

  test('a log between other accounts, or of another amount, is no repetition', () => {
    const others = [logged(mirror, bob, carol, 5n), logged(mirror, alice, bob, 4n)]
    expect(once([coin(alice, bob, 5n), ...others])).toEqual([
      coin(alice, bob, 5n),
      coin(bob, carol, 5n),
      coin(alice, bob, 4n),
    ])
    expect(mirrors([coin(alice, bob, 5n), coin(bob, carol, 3n), ...others])).toEqual([])
    const same = logged(mirror, alice, bob, 5n)
    expect(mirrors([coin(alice, bob, 5n), coin(bob, carol, 3n), same, same])).toEqual([])
  })

  test('without a mirror, or without its logs, the facts are the same ones', () => {
    const plain = [coin(alice, bob, 5n), logged(token, alice, bob, 5n)]
    const mirrored = [...plain, logged(mirror, alice, bob, 5n)]
    expect(once(plain)).toBe(plain)
    expect(once(mirrored, new Set())).toBe(mirrored)
  })

  test('a mirror never changes what the coin moved, whatever was moved', () => {
    const accounts = fc.constantFrom(alice, bob, carol)
    const move = fc.record({ from: accounts, to: accounts, amount: fc.bigInt(1n, 3n) })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 12 }), (moves) => {
        const coins = moves.filter(({ from, to }) => from !== to).map((it) => coin(it.from, it.to, it.amount))
        const logs = coins.map(({ from, to, amount }) => logged(mirror, from, to, amount))
        expect(once([...coins, ...logs])).toEqual(coins)
        expect(mirrors([...coins, ...logs])).toEqual(coins.length === 0 ? [] : [mirror])
      }),
      { seed: 20_260_101 },
    )
  })

  test('a movement of the coin is native and has no id', () => {
    expect(coin(alice, bob, 5n)).toEqual({
      kind: 'transfer',
      standard: 'native',
      asset: NATIVE,
      tokenId: null,
      source: 'log',
      from: alice,
      to: bob,
      amount: 5n,
      frame: 0,
    })
  })
})
