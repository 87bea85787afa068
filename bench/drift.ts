import { join } from 'node:path'
import { createAssessor, observe } from '../src/calibrate/assessor.ts'
import { calibrate } from '../src/calibrate/calibrate.ts'
import { sightingsOf } from '../src/calibrate/sightings.ts'
import { readBundles } from '../src/chain/bundle/read.ts'
import { corpus, readHistories } from './history.ts'
import { type Row, report } from './report.ts'

/*
 * The number of alarms of the drift watch on real protocol histories, where each history is benign except for its
 * exploit: a watch that disarms automation for every new integrator is useless.
 *
 * npm run build && node dist/bench/drift.js      (needs CORDON_CORPUS or ../shared/corpus)
 */
const empty = calibrate([], { files: [], budgets: { pageDays: 180, actDays: 1826 }, perDay: 200 })
const rows: Row[] = []
for (const { label } of await readHistories()) {
  const assessor = createAssessor(empty, { actDays: 1826, attacksPerYear: 0.2 })
  const scope = { kind: 'contracts' as const, addresses: new Set(label.contracts) }
  const told: string[] = []
  let [transactions, shadowed] = [0, 0]
  for await (const bundle of readBundles(join(corpus, 'histories', label.file))) {
    const sightings = sightingsOf(bundle, scope, new Map())
    transactions += sightings.length
    const timestamp = bundle.timestamp ?? bundle.number * 12
    const change = observe(assessor, { timestamp, sightings, alarmed: false })
    if (assessor.drift.stage.stage === 'disarm') shadowed += sightings.length
    if (change !== null) told.push(`${transactions}: ${change.now.stage}`)
  }
  rows.push({
    what: label.protocol,
    transactions,
    'with automation disarmed': shadowed,
    'peak of the martingale': assessor.drift.martingale.peak.toPrecision(3),
    told: told.join(', ') || 'nothing',
  })
}
report('drift watch on histories', rows)
