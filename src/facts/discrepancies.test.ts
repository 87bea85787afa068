import { describe, expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  data,
  log,
  pull,
  topicOf,
  transaction,
  transferLog,
  view,
  word,
  ZERO,
} from '../../test/harness/build.ts'
import type { DiscrepancyFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { blockFacts } from './facts.ts'
import { TOPICS } from './signatures.ts'

const [alice, bob, vault, token] = ['alice', 'bob', 'vault', 'token'].map(address) as [
  Address,
  Address,
  Address,
  Address,
]
const MAX = 2n ** 256n - 1n

function told(inner: CallNode['inner'], logs: 'frames' | 'receipts' | 'none' = 'frames'): DiscrepancyFact[] {
  const root = call(vault, { input: '0x0badf00d' }, ...inner)
  const [tx] = blockFacts(transaction({ from: alice, root, logs })).transactions
  return (tx?.facts ?? []).filter((fact) => fact.kind === 'discrepancy')
}
const reads = (of: Address, balance: bigint) => view(token, data('0x70a08231', of), `0x${word(balance)}`)
const supply = (amount: bigint) => view(token, '0x18160ddd', `0x${word(amount)}`)
const moved = (amount: bigint) => pull(token, { from: alice, to: vault, amount })

describe('a token’s logs against its balances', () => {
  test('that agree say nothing', () => {
    expect(told([reads(vault, 5n), moved(10n), reads(vault, 15n), moved(1n), reads(vault, 16n)])).toEqual([])
  })

  test('an event that lies', () => {
    expect(told([reads(vault, 5n), moved(1_000n), reads(vault, 5n)])).toEqual([
      {
        kind: 'discrepancy',
        about: 'balance',
        asset: token,
        account: vault,
        claimed: 1_000n,
        observed: 0n,
        frames: [1, 3],
        frame: 3,
      },
    ])
  })

  test('no event at all', () => {
    const other = transferLog(address('other'), { from: alice, to: vault, amount: 1n })
    expect(told([other, reads(vault, 5n), reads(vault, 1_005n)])).toMatchObject([
      { claimed: 0n, observed: 1_000n },
    ])
  })

  test('a fee on transfer', () => {
    expect(told([reads(vault, 0n), moved(1_000n), reads(vault, 990n)])).toMatchObject([
      { claimed: 1_000n, observed: 990n },
    ])
  })

  test('a rebase tells once, and the new balance is the base from then on', () => {
    const rebased = [reads(vault, 1_000n), reads(vault, 900n), moved(10n), reads(vault, 910n)]
    expect(told(rebased)).toMatchObject([{ claimed: 0n, observed: -100n }])
  })

  test('rounding to a share is no contradiction', () => {
    expect(told([reads(vault, 0n), moved(1_000n), reads(vault, 998n)])).toEqual([])
  })

  test('amounts of 2^256 − 1', () => {
    expect(told([reads(vault, 0n), moved(MAX), reads(vault, MAX)])).toEqual([])
    expect(told([reads(vault, MAX), moved(MAX), reads(vault, MAX)])).toMatchObject([
      { claimed: MAX, observed: 0n },
    ])
  })

  test('a sender’s balance falls by what its logs say', () => {
    expect(told([reads(alice, 50n), moved(10n), reads(alice, 40n)])).toEqual([])
    expect(told([reads(alice, 50n), moved(10n), reads(alice, 60n)])).toMatchObject([
      { account: alice, claimed: -10n, observed: 10n },
    ])
  })

  test('up to two base units apart is rounding, above and below', () => {
    const apart = (balance: bigint) => told([reads(vault, 50n), moved(10n), reads(vault, balance)]).length
    expect([57n, 58n, 60n, 62n, 63n].map(apart)).toEqual([1, 0, 0, 0, 1])
  })

  test('an answer of several words is read by its first', () => {
    const long = (balance: bigint) => view(token, data('0x70a08231', vault), `0x${word(balance)}${word(7n)}`)
    expect(told([long(5n), moved(10n), long(15n)])).toEqual([])
    expect(told([long(5n), moved(10n), long(5n)])).toMatchObject([{ claimed: 10n, observed: 0n }])
  })

  test('a question that names more than an account is another one', () => {
    const odd = (balance: bigint) => view(token, data('0x70a08231', vault, 1n), `0x${word(balance)}`)
    expect(told([odd(5n), odd(1_005n)])).toEqual([])
  })

  test('what failed did not move anything', () => {
    const failed = call(
      token,
      { error: 'execution reverted' },
      transferLog(token, { from: alice, to: vault, amount: 9n }),
    )
    expect(told([reads(vault, 5n), failed, reads(vault, 5n)])).toEqual([])
  })

  test.each(['receipts', 'none'] as const)(
    'logs from %s do not say between which reads they stand',
    (logs) => {
      expect(told([reads(vault, 5n), moved(1_000n), reads(vault, 5n)], logs)).toEqual([])
    },
  )

  test.each(['0x', '0x01', `0x${'0'.repeat(63)}`] as const)('an answer of %s is none', (output) => {
    expect(told([moved(1n), reads(vault, 5n), view(token, data('0x70a08231', vault), output)])).toEqual([])
  })
})

describe('a token’s logs against its supply', () => {
  test('more moved than there is', () => {
    expect(told([supply(100n), moved(101n)])).toMatchObject([
      { about: 'supply', account: alice, claimed: 101n, observed: 100n, frames: [1, 2] },
    ])
  })

  test('what was minted since is there, what was burned is not', () => {
    const minted = transferLog(token, { from: ZERO, to: alice, amount: 50n })
    const burned = transferLog(token, { from: alice, to: ZERO, amount: 120n })
    expect(told([supply(100n), call(token, {}, minted), moved(150n)])).toEqual([])
    expect(told([supply(100n), call(token, {}, minted, burned), moved(31n)])).toMatchObject([
      { observed: 30n },
    ])
  })

  test('a token that mints out of itself (Compound’s do) is not held to an older answer', () => {
    const minted = transferLog(token, { from: token, to: alice, amount: 500n })
    expect(told([supply(100n), call(token, {}, minted), moved(500n)])).toEqual([])
  })

  test('a burn of more than there is leaves the supply as it was read', () => {
    const burned = transferLog(token, { from: alice, to: ZERO, amount: 101n })
    const left = told([supply(100n), call(token, {}, burned), moved(100n), moved(101n)])
    expect(left.map(({ claimed, observed }) => [claimed, observed])).toEqual([
      [101n, 100n],
      [101n, 100n],
    ])
  })

  test('all there is may be burned, and then nothing can move', () => {
    const burned = transferLog(token, { from: alice, to: ZERO, amount: 100n })
    expect(told([supply(100n), call(token, {}, burned), moved(1n)])).toMatchObject([
      { account: alice, claimed: 1n, observed: 0n },
    ])
  })

  test('a transfer to another account changes no supply, and a mint is never beyond it', () => {
    const minted = transferLog(token, { from: ZERO, to: alice, amount: 500n })
    expect(told([supply(100n), moved(60n), moved(100n)])).toEqual([])
    expect(told([supply(100n), call(token, {}, minted), moved(600n)])).toEqual([])
  })

  test('after a payment to the token itself its supply is not known', () => {
    const paid = transferLog(token, { from: alice, to: token, amount: 1n })
    expect(told([supply(100n), call(token, {}, paid), moved(500n)])).toEqual([])
  })

  test('an answer without a word is no supply', () => {
    expect(told([view(token, '0x18160ddd', '0x01'), moved(101n)])).toEqual([])
  })

  test('the id of an ERC-721 token is no amount', () => {
    const nft = log(token, [
      TOPICS['Transfer(address,address,uint256)'],
      topicOf(alice),
      topicOf(bob),
      topicOf(MAX),
    ])
    expect(told([supply(100n), call(token, {}, nft)])).toEqual([])
  })
})
