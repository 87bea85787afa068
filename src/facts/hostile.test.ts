import { describe, expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  data,
  log,
  pay,
  pull,
  transaction,
  transferLog,
  view,
  word,
  ZERO,
} from '../../test/harness/build.ts'
import { cpuMilliseconds } from '../../test/harness/cpu-time.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Address, Hex } from '../model/hex.ts'
import { blockFacts } from './facts.ts'

const [alice, bob, pool, token] = ['alice', 'bob', 'pool', 'token'].map(address) as [
  Address,
  Address,
  Address,
  Address,
]
const UINT_BORROW = '0x13ed6866d4e1ee6da46f845c46d7e54120883d75c5ea9a2dacc1c4ca8984ab80'

/** Ten times what these take on two busy cores: a bound that only a change of order of growth can break. */
const BOUND_MS = 3_000

function took(bundle: BlockBundle): { ms: number; facts: number } {
  const began = cpuMilliseconds()
  const facts = blockFacts(bundle).transactions[0]?.facts.length ?? 0
  return { ms: cpuMilliseconds() - began, facts }
}

const borrowLog = (at: Address, amount: bigint) =>
  log(at, [UINT_BORROW], `0x${word(alice)}${word(amount)}${word(amount)}${word(amount)}`)

describe('traces made to be slow', () => {
  test('10,000 frames of one amount, each with a nameless claim of it', () => {
    const step = (i: number): CallNode =>
      call(
        pool,
        { input: '0x0badf00d' },
        i % 2 === 0 ? transferLog(token, { from: alice, to: bob, amount: 7n }) : borrowLog(pool, 7n),
      )
    const root = call(bob, {}, ...Array.from({ length: 10_000 }, (_, i) => step(i)))
    const { ms, facts } = took(transaction({ from: alice, root }))
    expect(facts).toBeGreaterThan(9_999)
    expect(ms).toBeLessThan(BOUND_MS)
  })

  test('10,000 balance reads between lies', () => {
    const reads = Array.from({ length: 5_000 }, (_, i) => [
      view(token, data('0x70a08231', pool), `0x${word(BigInt(i % 7) * 1_000n)}`),
      transferLog(token, { from: alice, to: pool, amount: 2n ** 256n - 1n }),
    ]).flat()
    const { ms, facts } = took(transaction({ from: alice, root: call(token, {}, ...reads) }))
    expect(facts).toBe(5_000 + 4_999)
    expect(ms).toBeLessThan(BOUND_MS)
  })

  test('1,000 calls deep, with loans, mints and claims at every depth', () => {
    const [a, b] = [pool, bob]
    let node = call(token, {})
    for (let depth = 1_000; depth > 0; depth--) {
      const [self, other] = depth % 2 === 0 ? [a, b] : [b, a]
      node = call(
        self,
        { input: '0x0badf00d' },
        pay(token, { from: self, to: other, amount: 5n }),
        node,
        pull(token, { from: other, to: self, amount: 5n }),
        transferLog(self, { from: ZERO, to: alice, amount: 3n }),
        borrowLog(self, 5n),
      )
    }
    const { ms, facts } = took(transaction({ from: alice, root: node }))
    expect(facts).toBeGreaterThan(3_000)
    expect(ms).toBeLessThan(BOUND_MS)
  })
})

test('names are never read: control characters in them change nothing', () => {
  const named = (name: string) => {
    const bytes = Buffer.from(name).toString('hex').padEnd(64, '0')
    const answer: Hex = `0x${word(32n)}${word(BigInt(name.length))}${bytes}`
    const root = call(
      pool,
      {},
      view(token, '0x06fdde03', answer),
      view(token, '0x95d89b41', answer),
      pull(token, { from: alice, to: pool, amount: 5n }),
    )
    return blockFacts(transaction({ from: alice, root })).transactions[0]?.facts
  }
  expect(named('USD\u0000\u001b[2J\u202e')).toEqual(named('USD'))
})

test('every amount of 2^256 − 1 is kept to the unit', () => {
  const most = 2n ** 256n - 1n
  const root = call(pool, {}, pull(token, { from: alice, to: pool, amount: most }), borrowLog(pool, most))
  const facts = blockFacts(transaction({ from: alice, root })).transactions[0]?.facts ?? []
  expect(facts.find((fact) => fact.kind === 'action')).toMatchObject({ taken: [{ amount: most }] })
})
