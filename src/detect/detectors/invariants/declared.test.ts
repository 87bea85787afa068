import { describe, expect, test } from 'vitest'
import { address, block, call, word } from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { Scope } from '../../../model/detector.ts'
import type { BlockFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { createEngine, evaluateBlock, readsWanted, rollback } from '../../engine/engine.ts'
import { invariants } from './invariants.ts'

const vault = address('vault')
const token = address('token')
const eve = address('eve')
const scope: Scope = { kind: 'everything' }
const ASSETS = '0x01e1d114' as const
const SUPPLY = '0x18160ddd' as const
const solvent = {
  name: 'assets cover shares',
  call: { to: vault, signature: 'totalAssets() view returns (uint256)' },
  compare: '>=',
  than: { to: vault, data: SUPPLY },
}

/** A block in which the vault was called, and what it answers after it; null: the read failed. */
function blockWith(number: number, assets: bigint | null, supply = 100n): BlockFacts {
  const facts = blockFacts(
    block({ number, transactions: [{ from: eve, root: call(vault, { input: '0x01020304' }) }] }),
  )
  const answer = (value: bigint | null) => (value === null ? null : (`0x${word(value)}` as const))
  return {
    ...facts,
    reads: [
      { to: vault, data: ASSETS, answer: answer(assets) },
      { to: vault, data: SUPPLY, answer: answer(supply) },
    ],
  }
}

function run(declared: unknown[], blocks: readonly BlockFacts[]): Finding[][] {
  const options = invariants.options.parse({ declared })
  const state = invariants.init(options)
  return blocks.map((facts) => invariants.evaluate({ facts, scope, suspects: new Set() }, state, options))
}

describe('declared invariants', () => {
  test('are told when they break, once as long as that lasts, and again after they held', () => {
    const counts = run(
      [solvent],
      [blockWith(1, 100n), blockWith(2, 99n), blockWith(3, 98n), blockWith(4, 100n), blockWith(5, 1n)],
    ).map((findings) => findings.length)
    expect(counts).toEqual([0, 1, 0, 0, 1])
  })
  test('say the value, the limit and who touched the contract', () => {
    const [, [finding] = []] = run([solvent], [blockWith(1, 100n), blockWith(2, 99n)])
    expect(finding).toMatchObject({ severity: 'high', actors: [eve], protected: [vault] })
    expect(finding?.message).toBe(
      'Declared invariant “assets cover shares” does not hold after block 2: 99, not >= 100.',
    )
  })
  test('monotone ones compare with the block before', () => {
    const price = { name: 'share price', call: { to: vault, data: ASSETS }, compare: 'monotone-up' }
    const counts = run(
      [price],
      [blockWith(1, 100n), blockWith(2, 100n), blockWith(3, 99n), blockWith(4, 99n), blockWith(5, 98n)],
    )
    expect(counts.map((findings) => findings.length)).toEqual([0, 0, 1, 0, 1])
  })
  test('are left as they were where nothing was read', () => {
    const { reads: _, ...recorded } = blockWith(2, 1n)
    expect(run([solvent], [blockWith(1, null), recorded]).flat()).toEqual([])
  })
  test.each([
    ['>=', 99n],
    ['<=', 101n],
    ['==', 99n],
    ['>', 100n],
    ['<', 100n],
  ])('%s with a number breaks at %i', (compare, value) => {
    const each = { name: 'n', call: { to: vault, data: ASSETS }, compare, value: '100' }
    expect(run([each], [blockWith(1, value)]).flat()).toHaveLength(1)
  })
  test('signatures and arguments are calldata', () => {
    const of = { to: token, signature: 'balanceOf(address owner)', args: [vault] }
    const options = invariants.options.parse({
      declared: [{ name: 'n', call: of, compare: '>', value: '0' }],
    })
    const reads = invariants.reads?.(options, invariants.init(options), scope)
    expect(reads).toEqual([{ to: token, data: `0x70a08231${word(vault)}` }])
  })
  test.each([
    ['a comparison with nothing', { ...solvent, than: undefined }],
    ['a monotone one with a value', { ...solvent, compare: 'monotone-up' }],
    ['a signature that is none', { ...solvent, call: { to: vault, signature: 'total assets' } }],
    ['neither data nor signature', { ...solvent, call: { to: vault } }],
  ])('%s is refused', (_name, declared) => {
    expect(invariants.options.safeParse({ declared: [declared] }).success).toBe(false)
  })
  test('the engine asks each call once, and a reorg takes a break back', () => {
    const engine = createEngine({
      detectors: [invariants],
      scope,
      options: { invariants: { declared: [solvent, { ...solvent, name: 'again' }] } },
    })
    expect(readsWanted(engine)).toEqual([
      { to: vault, data: ASSETS },
      { to: vault, data: SUPPLY },
    ])
    expect(evaluateBlock(engine, blockWith(1, 100n))).toEqual([])
    expect(evaluateBlock(engine, blockWith(2, 99n))).toHaveLength(2)
    rollback(engine, { number: 1, hash: null })
    expect(evaluateBlock(engine, blockWith(2, 99n))).toHaveLength(2)
  })
})
