import { describe, expect, test } from 'vitest'
import { call, data, pay, transaction } from '../../test/harness/build.ts'
import { cpuMilliseconds } from '../../test/harness/cpu-time.ts'
import { everything, protecting } from '../../test/harness/detect.ts'
import { bot, hostileTraces, market, pool, share, thief, usd, vault } from '../../test/harness/hostile.ts'
import { blockFacts } from '../facts/facts.ts'
import type { Scope } from '../model/detector.ts'
import { createEngine, evaluateSettled } from './engine/engine.ts'
import { detectors } from './registry.ts'

const SIZE = 10_000
const scopes: readonly Scope[] = [protecting(vault, pool, market, share), everything]

function took(work: () => void): number {
  const began = cpuMilliseconds()
  work()
  return cpuMilliseconds() - began
}

/** How long an ordinary trace of that size takes to read: what all is measured by, on this machine and under its load. */
function yardstick(): number {
  const payments = Array.from({ length: SIZE / 2 }, (_, i) =>
    call(vault, { input: data('0x2e1a7d4d', BigInt(i)) }, pay(usd, { from: vault, to: bot, amount: 7n })),
  )
  const bundle = transaction({ from: thief, root: call(bot, { input: '0xc0406226' }, ...payments) })
  return Math.min(...[1, 2, 3].map(() => took(() => blockFacts(bundle))))
}

/** Measured: at most 36, alone; more where the yardstick was lucky. What grew with the cube took many thousands. */
const MOST_TIMES = 150

describe('traces made to be slow', () => {
  const ordinary = yardstick()

  test.each(Object.entries(hostileTraces))('%s: each detector is done soon', (_, traceOf) => {
    const facts = blockFacts(transaction({ from: thief, root: traceOf(SIZE) }))
    const slow = scopes.flatMap((scope) =>
      detectors.flatMap((detector) => {
        const limit = MOST_TIMES * ordinary
        const times = () => took(() => evaluateSettled(createEngine({ detectors: [detector], scope }), facts))
        // the first run may meet a pause of the collector: only who is slow twice is slow
        const ms = times() <= limit ? 0 : times()
        return ms > limit ? [`${detector.id}, ${scope.kind}: ${Math.round(ms / ordinary)} times`] : []
      }),
    )
    expect(slow).toEqual([])
  })
})
