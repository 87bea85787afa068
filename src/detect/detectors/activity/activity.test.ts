import { describe, expect, test } from 'vitest'
import { gaussian, randomFrom } from '../../../../bench/random.ts'
import { address, block, call, type TransactionParts } from '../../../../test/harness/build.ts'
import { protecting } from '../../../../test/harness/detect.ts'
import { breaksBudget, createAssessor } from '../../../calibrate/assessor.ts'
import { calibrate } from '../../../calibrate/calibrate.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { BlockBundle } from '../../../model/block.ts'
import type { Finding } from '../../../model/finding.ts'
import {
  createEngine,
  evaluateBlock,
  evaluateSettled,
  finalize,
  rollback,
  surprisesOf,
} from '../../engine/engine.ts'
import { activity } from './activity.ts'

const vault = address('vault')
const scope = protecting(vault)
const OPTIONS = { minBuckets: 300, memory: 400 }

type Bend = { calls?: number; reverted?: boolean; paid?: bigint }

/** One block a bucket of five minutes; a few honest calls in each, bent where the test says. */
function history(buckets: number, bend: (n: number) => Bend = () => ({})): BlockBundle[] {
  const random = randomFrom(5)
  return Array.from({ length: buckets }, (_, n) => {
    const { calls, reverted = false, paid } = bend(n)
    const many = calls ?? Math.max(1, Math.round(6 + 2 * gaussian(random)))
    const transactions = Array.from({ length: many }, (_, i): TransactionParts => {
      const user = address(`user ${i}`)
      const amount = paid ?? BigInt(Math.round(1e18 * Math.exp(0.3 * gaussian(random))))
      const pays = call(user, { value: amount })
      return {
        name: `${n} ${i}`,
        from: user,
        root: call(
          vault,
          { input: '0x2e1a7d4d', ...(reverted ? { error: 'execution reverted' } : {}) },
          pays,
        ),
      }
    })
    return { ...block({ number: n + 1, transactions }), timestamp: 1_600_000_200 + 300 * n }
  })
}

function watch(bundles: readonly BlockBundle[]): Finding[] {
  const engine = createEngine({ detectors: [activity], scope, options: { activity: OPTIONS } })
  return bundles.flatMap((bundle) => evaluateSettled(engine, blockFacts(bundle)))
}

describe('the activity of a protected contract', () => {
  test('is quiet while it is what it always was', () => {
    expect(watch(history(1_200))).toEqual([])
  })

  test.each([
    ['ten times the calls', { calls: 60 }, /calls 60 in a bucket, usually [4-7]/],
    ['outflows a thousand times as large', { paid: 10n ** 21n }, /out of native \d.*e\+21 in a bucket/],
  ])('%s is told within five buckets, each series once, with what is usual and n', (_, bend, words) => {
    const found = watch(history(800, (n) => (n >= 700 && n < 705 ? bend : {})))
    const series = found.flatMap(({ evidence }) =>
      evidence.map(({ statement }) => statement.split(/ [\d.]/)[0]),
    )
    expect(new Set(series).size).toBe(series.length)
    expect(found[0]).toMatchObject({ transactionHash: null, protected: [vault] })
    expect(found[0]?.blockNumber).toBeLessThanOrEqual(706)
    expect(['low', 'medium']).toContain(found[0]?.severity)
    expect(found[0]?.message).toMatch(words)
    expect(found[0]?.message).toMatch(/by n = 70\d buckets before/)
  })

  test('fewer calls are no attack, nor is anything before there is a history', () => {
    expect(watch(history(800, (n) => (n >= 700 ? { calls: 0 } : {})))).toEqual([])
    expect(watch(history(290, (n) => (n === 280 ? { calls: 200 } : {})))).toEqual([])
  })

  test('with nothing protected it rests', () => {
    const engine = createEngine({ detectors: [activity], scope: { kind: 'everything' } })
    const said = history(700, (n) => (n === 650 ? { calls: 90 } : {})).flatMap((bundle) =>
      evaluateSettled(engine, blockFacts(bundle)),
    )
    expect(said).toEqual([])
  })

  test('a rise that lasts breaks a budget of a week, and the week before did not', () => {
    const slow = (n: number): Bend => (n >= 2_000 ? { calls: 14 } : {})
    const bundles = history(2_100, slow)
    const calibration = calibrate([], {
      files: [],
      budgets: { pageDays: 7, actDays: 100 },
      perDay: 100,
    })
    const assessor = createAssessor(calibration, { actDays: 100, attacksPerYear: 1 })
    const engine = createEngine({ detectors: [activity], scope, options: { activity: OPTIONS } })
    const told = bundles.flatMap((bundle) => {
      evaluateSettled(engine, blockFacts(bundle))
      const at = bundle.timestamp ?? 0
      return surprisesOf(engine).some((newest) => breaksBudget(assessor, { ...newest, at }))
        ? [bundle.number]
        : []
    })
    expect(told.filter((number) => number <= 2_000)).toEqual([])
    expect(told.length).toBeGreaterThan(0)
  })

  test('a reorg and a checkpoint leave it as an uninterrupted run', () => {
    const bundles = history(760, (n) => (n === 740 ? { calls: 80 } : {}))
    const run = (reorg: boolean): Finding[] => {
      const engine = createEngine({ detectors: [activity], scope, options: { activity: OPTIONS } })
      for (const bundle of bundles.slice(0, 720)) evaluateBlock(engine, blockFacts(bundle))
      finalize(engine, { number: 700, hash: null })
      if (reorg) {
        for (const bundle of bundles.slice(720)) evaluateBlock(engine, blockFacts(bundle))
        rollback(engine, { number: 720, hash: null })
      }
      return bundles.slice(720).flatMap((bundle) => evaluateBlock(engine, blockFacts(bundle)))
    }
    expect(run(true)).toEqual(run(false))
    expect(run(false)).toHaveLength(1)
  })
})
