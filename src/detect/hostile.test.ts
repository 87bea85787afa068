import { describe, expect, test } from 'vitest'
import { transaction } from '../../test/harness/build.ts'
import { everything, protecting } from '../../test/harness/detect.ts'
import { hostileTraces, market, pool, share, thief, vault } from '../../test/harness/hostile.ts'
import { blockFacts } from '../facts/facts.ts'
import { createEngine, evaluateSettled } from './engine.ts'
import { detectors } from './registry.ts'

const SCOPES = { protected: protecting(vault, pool, market, share), everything }
const took = (work: () => void): number => {
  const began = performance.now()
  work()
  return performance.now() - began
}
describe.each(Object.entries(hostileTraces))('%s', (name, make) => {
  test('x', () => {
    const bundle = transaction({ from: thief, root: make(Number(process.env['N'] ?? 10_000)) })
    let facts = blockFacts(bundle)
    const base = took(() => {
      facts = blockFacts(bundle)
    })
    const rows = Object.entries(SCOPES).flatMap(([s, scope]) =>
      detectors.map((d) => {
        const engine = createEngine({ detectors: [d], scope })
        let n = 0
        const ms = took(() => {
          n = evaluateSettled(engine, facts).length
        })
        return { s, id: d.id, ms, n }
      }),
    )
    console.log(
      name,
      'frames',
      bundle.transactions[0]?.frames.length,
      'facts',
      facts.transactions[0]?.facts.length,
      'base',
      base.toFixed(0),
      rows
        .filter((r) => r.ms > 60 || r.ms > 5 * base)
        .map((r) => `${r.s[0]} ${r.id} ${r.ms.toFixed(0)}`)
        .join('; '),
    )
    expect(1).toBe(1)
  }, 120_000)
})
