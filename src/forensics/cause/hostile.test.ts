import fc from 'fast-check'
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
  view,
  word,
  ZERO,
} from '../../../test/harness/build.ts'
import { causesIn } from '../../../test/harness/causes.ts'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import type { FrameType } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'

const [eve, tool, vault, pool, token, other] = ['eve', 'tool', 'vault', 'pool', 'token', 'other'].map(
  address,
) as [Address, Address, Address, Address, Address, Address]
/** Ten times what these take on two busy cores: a bound that only a change of order of growth can break. */
const BOUND_MS = 5_000
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const SEEN = address('seen')

function took(inner: CallNode['inner']): number {
  const bundle = transaction({ from: eve, root: call(tool, { input: '0xc0406226' }, ...inner) })
  const began = cpuMilliseconds()
  causesIn(bundle)
  return cpuMilliseconds() - began
}

describe('traces made to be slow', () => {
  test('10,000 calls that all carry the same long calldata', () => {
    const long = `0x0badf00d${'ab'.repeat(20_000)}${tool.slice(2)}` as const
    const inner = many(2_000, () => call(tool, { input: data('0x23b872dd', 1n, 2n, 3n) }))
    const spent = many(2_000, () => pull(token, { from: SEEN, to: tool, amount: 5n }))
    expect(took([call(vault, { input: long }, ...inner, ...spent)])).toBeLessThan(BOUND_MS)
  })

  test('7,000 frames of assets, accounts, wraps of the coin and trades in turn', () => {
    const inner = many(1_000, (i) => [
      call(
        address(`vault ${i}`),
        { input: '0x0badf00d' },
        pay(address(`asset ${i}`), { from: address(`vault ${i}`), to: tool, amount: 5n }),
      ),
      pay(token, { from: tool, to: pool, amount: BigInt(i + 1) }),
      call(pool, { input: '0x0badf00d' }, pay(other, { from: pool, to: tool, amount: BigInt(i + 1) })),
      call(
        address(`coin ${i}`),
        {},
        transferLog(address(`coin ${i}`), { from: tool, to: ZERO, amount: 7n }),
        call(tool, { value: 7n }),
      ),
    ]).flat()
    expect(took(inner)).toBeLessThan(BOUND_MS)
  })

  test('1,000 calls deep, back and forth between the attacker and a vault, with a payment at each', () => {
    let node = call(vault, { input: '0x0badf00d' })
    for (let depth = 500; depth > 0; depth--)
      node = call(
        vault,
        { input: data('0x0badf00d', tool) },
        call(tool, { input: '0xc0406226' }, node),
        pay(token, { from: vault, to: tool, amount: 5n }),
      )
    expect(took([node])).toBeLessThan(BOUND_MS)
  })

  test('10,000 balance answers that contradict each other', () => {
    const inner = many(4_000, (i) => [
      view(token, data('0x70a08231', pool), `0x${word(BigInt((i % 9) + 1) * 10n ** 70n)}`),
      call(vault, { input: '0x0badf00d' }, pay(token, { from: vault, to: pool, amount: 2n ** 256n - 1n })),
    ]).flat()
    expect(took(inner)).toBeLessThan(BOUND_MS)
  })
})

const party = fc.constantFrom(eve, tool, vault, pool, token, other, ZERO)
const amount = fc.constantFrom(0n, 1n, 7n, 2n ** 128n, 2n ** 256n - 1n)
const nodeOf = (depth: number): fc.Arbitrary<CallNode> =>
  fc
    .record({
      to: party,
      value: amount,
      input: fc.constantFrom<Hex>(
        '0x',
        '0x0badf00d',
        data('0xa9059cbb', tool, 5n),
        data('0x23b872dd', vault, tool, 5n),
        data('0x70a08231', pool),
      ),
      output: fc.constantFrom<Hex>('0x', `0x${word(5n)}`, `0x${'f'.repeat(64)}`),
      type: fc.constantFrom<FrameType>('CALL', 'STATICCALL', 'DELEGATECALL', 'CREATE', 'SELFDESTRUCT'),
      move: fc.record({ from: party, to: party, amount }),
      inner: depth === 0 ? fc.constant([]) : fc.array(nodeOf(depth - 1), { maxLength: 3 }),
    })
    .map(({ to, inner, move, ...parts }) => call(to, parts, transferLog(to, move), ...inner))

test('no trace makes it throw, and no score is anything but a positive number', () => {
  fc.assert(
    fc.property(nodeOf(4), (root) => {
      const { victims, hypotheses } = causesIn(transaction({ from: eve, root }))
      for (const { score } of victims) expect(score > 0 && Number.isFinite(score)).toBe(true)
      for (const { confidence } of hypotheses) expect(confidence >= 0 && confidence <= 1).toBe(true)
    }),
    { numRuns: 150 },
  )
})
