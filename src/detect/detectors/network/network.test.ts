import { describe, expect, test } from 'vitest'
import { gaussian, randomFrom } from '../../../../bench/random.ts'
import { address, block, call } from '../../../../test/harness/build.ts'
import { bundlesOf, corpusFiles, describeCorpus } from '../../../../test/harness/corpus.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { BlockBundle } from '../../../model/block.ts'
import type { Finding } from '../../../model/finding.ts'
import { createEngine, evaluateBlock, evaluateSettled, rollback } from '../../engine/engine.ts'
import { network } from './network.ts'
import { networkBaselines, readNetwork, shockText } from './series.ts'

const scope = { kind: 'everything' } as const
const transfer = { from: address('alice'), root: call(address('bob'), {}) }
const [plain] = block({ transactions: [transfer] }).transactions

type Shape = { baseFee?: number; late?: number; transactions?: number }

/** A chain of 1,500 blocks of noise; `change` bends it. */
function chain(change: (n: number) => Shape = () => ({})): BlockBundle[] {
  const random = randomFrom(81)
  let timestamp = 1_600_000_000
  return Array.from({ length: 1_500 }, (_, n) => {
    const shape = change(n)
    timestamp += 12 + (random() < 0.02 ? 12 : 0) + (shape.late ?? 0)
    const count = shape.transactions ?? 3 + Math.floor(random() * 5)
    const base = block({ number: n + 1, transactions: [] })
    const fee = shape.baseFee ?? 20e9 * Math.exp(0.2 * gaussian(random))
    const transactions = plain === undefined ? [] : Array.from({ length: count }, () => plain)
    return { ...base, timestamp, baseFeePerGas: BigInt(Math.round(fee)), transactions }
  })
}

function watch(bundles: readonly BlockBundle[]): Finding[] {
  const engine = createEngine({ detectors: [network], scope })
  return bundles.flatMap((bundle) => evaluateSettled(engine, blockFacts(bundle)))
}

describe('the network', () => {
  test('a usual chain is quiet', () => {
    expect(watch(chain())).toEqual([])
  })

  test.each([
    [
      'a base fee a hundred times the usual',
      { baseFee: 2e12 },
      /base fee 2e\+?12? ?|base fee 2000000000000 wei/,
    ],
    ['a chain that stood still for an hour', { late: 3_600 }, /block time 36\d\d s/],
  ])('%s is told once, with what is usual and n', (_, shape, words) => {
    const found = watch(chain((n) => (n >= 1_400 && n < 1_403 ? shape : {})))
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ detector: 'network', severity: 'low', blockNumber: 1_401 })
    expect(found[0]?.message).toMatch(words)
    expect(found[0]?.message).toMatch(/usually .* by n = 1\d\d\d blocks/)
  })

  test('a shock is about the block, which may be empty, and about no transaction', () => {
    const found = watch(chain((n) => (n === 1_400 ? { late: 3_600, transactions: 0 } : {})))
    expect(found).toMatchObject([{ blockNumber: 1_401, transactionHash: null }])
  })

  test('what only the follower knows is a series too', () => {
    const engine = createEngine({ detectors: [network], scope })
    const found = chain().flatMap((bundle, n) => {
      const signals = { reorgDepth: n === 1_450 ? 7 : 0, disagreement: 0, finalityLag: 64 + (n % 32) }
      return evaluateSettled(engine, { ...blockFacts(bundle), network: signals })
    })
    expect(found).toMatchObject([{ blockNumber: 1_451 }])
    expect(found[0]?.message).toContain('reorg depth 7 blocks')
  })

  test('a fee that falls is no news, nor is anything before there is a history', () => {
    expect(watch(chain((n) => (n >= 1_400 ? { baseFee: 1e8 } : {})))).toEqual([])
    expect(watch(chain((n) => (n === 900 ? { late: 36_000 } : {})).slice(0, 1_000))).toEqual([])
  })

  test('a reorged block is unlearned', () => {
    const bundles = chain((n) => (n === 1_400 ? { late: 3_600 } : {})).slice(0, 1_402)
    const run = (reorg: boolean): Finding[] => {
      const engine = createEngine({ detectors: [network], scope })
      for (const bundle of bundles.slice(0, 1_300)) evaluateSettled(engine, blockFacts(bundle))
      const [cell] = engine.cells
      engine.checkpoint = [cell?.detector.snapshot(cell.state)]
      const rest = bundles.slice(1_300)
      if (reorg) {
        for (const bundle of rest) evaluateBlock(engine, blockFacts(bundle))
        rollback(engine, { number: 1_300, hash: null })
      }
      return rest.flatMap((bundle) => evaluateBlock(engine, blockFacts(bundle)))
    }
    expect(run(true)).toEqual(run(false))
    expect(run(false)).toHaveLength(1)
  })

  test('reorg depth, finality lag and disagreement are read where somebody tells them', () => {
    const baselines = networkBaselines(2_000)
    const rule = { minBlocks: 1_000, minSurprise: 6 }
    const tell = (n: number, reorgDepth: number) =>
      readNetwork(
        baselines,
        { at: n * 12, block: n, observation: { reorgDepth, finalityLag: 64 + (n % 32) } },
        rule,
      )
    for (let n = 0; n < 1_500; n++) expect(tell(n, 0)).toEqual([])
    const shocks = tell(1_500, 9)
    expect(shocks.map(shockText)).toEqual([
      'reorg depth 9 blocks at block 1500, usually 0 blocks: 1 in 10^3.2 by n = 1500 blocks before',
    ])
  })
})

describeCorpus('recorded single blocks', () => {
  test.each([
    ['mev', '.ndjson.gz'],
    ['blocks', '.ndjson.gz'],
    ['attacks', '.ndjson'],
  ])('nothing in %s is called a shock: there is no history', async (folder, ending) => {
    const engine = createEngine({ detectors: [network], scope })
    for (const { path } of corpusFiles(folder, ending))
      for (const bundle of await bundlesOf(path))
        expect(evaluateSettled(engine, blockFacts(bundle))).toEqual([])
  })
})
