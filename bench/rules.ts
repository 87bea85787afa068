import { parseBundle } from '../src/chain/bundle/parse.ts'
import { createEngine, type Engine, evaluateSettled } from '../src/detect/engine/engine.ts'
import { detectors } from '../src/detect/registry.ts'
import { blockFacts } from '../src/facts/facts.ts'
import { withRules } from '../src/files/rules.ts'
import type { Scope } from '../src/model/detector.ts'
import type { Address } from '../src/model/hex.ts'
import { quantile, report } from './report.ts'
import { syntheticBlock } from './synthetic.ts'

/*
 * The cost of the shipped rules from a block to its findings: the same block through an engine with them and one
 * without, in turns, so that other load on the machine affects both alike. Read the ratio.
 *
 * npm run build && node dist/bench/rules.js
 */

const WARM_UP = 30
const RUNS = 160

const raw: unknown = JSON.parse(JSON.stringify(syntheticBlock()))
const protect = [5, 17, 42].map((n): Address => `0x${n.toString(16).padStart(40, '0')}`)
const scopes: Record<string, Scope> = {
  'three contracts': { kind: 'contracts', addresses: new Set(protect) },
  everything: { kind: 'everything' },
}
const options = await withRules({}, undefined)

const rows = Object.entries(scopes).map(([name, scope]) => {
  const without = createEngine({ detectors, scope })
  const withThem = createEngine({ detectors, scope, options })
  const took = { without: [] as number[], withThem: [] as number[] }
  for (let i = 0; i < WARM_UP + RUNS; i++) {
    const a = once(without)
    const b = once(withThem)
    if (i < WARM_UP) continue
    took.without.push(a)
    took.withThem.push(b)
  }
  const [p50, p50With] = [took.without, took.withThem].map((all) =>
    quantile(
      all.sort((a, b) => a - b),
      0.5,
    ),
  )
  return {
    what: name,
    'without, p50 ms': p50 ?? 0,
    'with, p50 ms': p50With ?? 0,
    ratio: Math.round(((p50With ?? 0) / (p50 ?? 1)) * 1000) / 1000,
  }
})
report('parse + facts + detect, without and with the shipped rules', rows)

function once(engine: Engine): number {
  const began = performance.now()
  evaluateSettled(engine, blockFacts(parseBundle(raw)))
  return performance.now() - began
}
