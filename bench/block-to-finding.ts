import { parseBundle } from '../src/chain/bundle/parse.ts'
import {
  createEngine,
  evaluateBlock,
  evaluateSettled,
  finalize,
  packKept,
} from '../src/detect/engine/engine.ts'
import { detectors } from '../src/detect/registry.ts'
import { blockFacts } from '../src/facts/facts.ts'
import { withRules } from '../src/files/rules.ts'
import type { Scope } from '../src/model/detector.ts'
import type { Address } from '../src/model/hex.ts'
import { bytesPacking } from '../src/respond/watch/packing.ts'
import { quantile, type Row, report, time } from './report.ts'
import { syntheticBlock } from './synthetic.ts'

/*
 * From the node's JSON to findings, for a block of 200 transactions and 8,000 frames with logs: the time, and the ratio
 * to JSON.parse of the same text, which is unavoidable. With the shipped rules, or `--no-rules`.
 */

const WARM_UP = 30
const RUNS = 300

const text = JSON.stringify(syntheticBlock())
const raw: unknown = JSON.parse(text)
const bundle = parseBundle(raw)
const facts = blockFacts(bundle)
const frames = bundle.transactions.reduce((sum, tx) => sum + tx.frames.length, 0)
const protect = [5, 17, 42].map((n): Address => `0x${n.toString(16).padStart(40, '0')}`)
const options = process.argv.includes('--no-rules') ? {} : await withRules({}, undefined)
const scopes: Record<string, Scope> = {
  'three contracts': { kind: 'contracts', addresses: new Set(protect) },
  everything: { kind: 'everything' },
}

const rows: Row[] = [
  row('JSON.parse', () => void JSON.parse(text)),
  row('parse', () => void parseBundle(raw)),
  row('facts', () => void blockFacts(bundle)),
]
for (const [name, scope] of Object.entries(scopes)) {
  const engine = createEngine({ detectors, scope, options })
  rows.push(row(`detect, ${name}`, () => void evaluateSettled(engine, facts)))
}
for (const [name, scope] of Object.entries(scopes)) {
  const engine = createEngine({ detectors, scope, options, packing: bytesPacking })
  let height = 0
  const act = (): void => void evaluateBlock(engine, blockFacts(parseBundle(raw)))
  // As in a running process: 64 blocks are kept for a rollback. Settling the oldest is not part of the time to a
  // finding.
  const settle = (): void => {
    for (const kept of engine.unfinalised.slice(height === 0 ? 0 : -1)) kept.ref.number = ++height
    packKept(engine)
    const [oldest] = engine.unfinalised
    if (engine.unfinalised.length > 64 && oldest !== undefined) finalize(engine, oldest.ref)
  }
  rows.push(row(`parse + facts + detect, ${name}`, act, settle))
}
report(
  `block to finding: ${bundle.transactions.length} transactions, ${frames} frames, ${(text.length / 1e6).toFixed(1)} MB`,
  rows,
)

function row(what: string, act: () => void, after?: () => void): Row {
  time(act, WARM_UP, after)
  const took = time(act, RUNS, after)
  return { what, 'p50 ms': quantile(took, 0.5), 'p99 ms': quantile(took, 0.99), 'most ms': took.at(-1) ?? 0 }
}
