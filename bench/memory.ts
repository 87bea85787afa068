import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createAssessor, observe } from '../src/calibrate/assessor.ts'
import { calibrate } from '../src/calibrate/calibrate.ts'
import { sightingsOf } from '../src/calibrate/sightings.ts'
import { parseBundle } from '../src/chain/bundle/parse.ts'
import { createEngine, evaluateBlock, finalize, packKept } from '../src/detect/engine/engine.ts'
import { detectors } from '../src/detect/registry.ts'
import { blockFacts } from '../src/facts/facts.ts'
import { withFiles } from '../src/files/detector-options.ts'
import { withRules } from '../src/files/rules.ts'
import type { Scope } from '../src/model/detector.ts'
import type { Address } from '../src/model/hex.ts'
import { bytesPacking } from '../src/respond/watch/packing.ts'
import { type Row, report } from './report.ts'
import { syntheticBlock } from './synthetic.ts'

/*
 * Is memory flat? A long chain through all detectors with the shipped rules as in a living process (64 blocks kept for a
 * rollback), every block with senders and amounts never seen before. The heap is measured after a collection.
 *
 * npm run build && node dist/bench/memory.js [--blocks 100000] [--json]
 */
const flag = process.argv.indexOf('--blocks')
const BLOCKS = flag === -1 ? 100_000 : Number(process.argv[flag + 1])
const STEPS = 10
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const protect = [5, 17, 42].map((n): Address => `0x${n.toString(16).padStart(40, '0')}`)
const scopes: Record<string, Scope> = {
  'three contracts': { kind: 'contracts', addresses: new Set(protect) },
  everything: { kind: 'everything' },
}
const options = await withRules(await withFiles({}), undefined)
const calibration = calibrate([], { files: [], budgets: { pageDays: 180, actDays: 1826 }, perDay: 200 })

for (const [name, scope] of Object.entries(scopes)) {
  const engine = createEngine({ detectors, scope, options, packing: bytesPacking })
  const assessor = createAssessor(calibration, { actDays: 1826, attacksPerYear: 0.2 })
  const rows: Row[] = []
  const began = performance.now()
  for (let n = 1; n <= BLOCKS; n++) {
    const parsed = parseBundle(syntheticBlock({ transactions: 4, frames: 8, seed: n }))
    const bundle = { ...parsed, number: n, timestamp: 1_600_000_000 + 12 * n }
    evaluateBlock(engine, blockFacts(bundle))
    observe(assessor, {
      timestamp: bundle.timestamp,
      sightings: scope.kind === 'everything' ? [] : sightingsOf(bundle, scope, new Map()),
      alarmed: false,
    })
    packKept(engine)
    if (n % 32 === 0) finalize(engine, { number: n - 64, hash: null })
    if (n % Math.max(1, Math.floor(BLOCKS / STEPS)) === 0) rows.push(rowAt(n, began))
  }
  report(`memory over ${BLOCKS} blocks, ${name}`, rows)
}

function rowAt(n: number, began: number): Row {
  collect()
  const { heapUsed, rss, external } = process.memoryUsage()
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
  return {
    what: `after ${n} blocks`,
    'heap MB': megabytes(heapUsed),
    'outside MB': megabytes(external),
    'RSS MB': megabytes(rss),
    'blocks a second': Math.round(n / ((performance.now() - began) / 1000)),
  }
}
