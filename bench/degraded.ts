/**
 * The detection that remains if a node provides less: the recorded attacks with their contracts protected, as recorded,
 * with logs in receipts only, with no logs at all, and without storage.
 *
 * npm run build && node dist/bench/degraded.js      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { join } from 'node:path'
import { readLabels } from '../src/backtest/backtest.ts'
import { clopperPearson, proportionText } from '../src/calibrate/statistics.ts'
import { readBundles } from '../src/chain/bundle/read.ts'
import { createEngine, evaluateSettled } from '../src/detect/engine/engine.ts'
import { detectors } from '../src/detect/registry.ts'
import { blockFacts } from '../src/facts/facts.ts'
import { alertsOf } from '../src/incidents/alerts.ts'
import type { BlockBundle, Frame, Transaction } from '../src/model/block.ts'
import { isRightCategory } from '../src/model/category.ts'
import { atLeast } from '../src/model/finding.ts'
import { corpus } from './history.ts'
import { type Row, report } from './report.ts'

type Loss = 'nothing' | 'storage' | 'logs in frames' | 'all logs'

function without(bundle: BlockBundle, lost: Loss): BlockBundle {
  if (lost === 'nothing') return bundle
  const { coverage } = bundle
  const logs = lost === 'all logs' ? 'none' : lost === 'logs in frames' ? 'receipts' : coverage.logs
  return {
    ...bundle,
    coverage: { ...coverage, logs },
    transactions: bundle.transactions.map((tx) => stripped(tx, lost)),
  }
}

function stripped(tx: Transaction, lost: Loss): Transaction {
  const frames = tx.frames.map(
    ({ storage: _, ...frame }): Frame => (lost === 'storage' ? frame : { ...frame, logs: [] }),
  )
  return { ...tx, frames, logs: lost === 'all logs' ? null : tx.logs }
}

const labels = await readLabels(join(corpus, 'attacks.labels.json'))
const rows: Row[] = []
for (const lost of ['nothing', 'storage', 'logs in frames', 'all logs'] as const) {
  const [flagged, right, missed]: [string[], string[], string[]] = [[], [], []]
  for (const { id, vulnerableContracts, transactions, tags } of labels) {
    const scope = { kind: 'contracts' as const, addresses: new Set(vulnerableContracts) }
    const engine = createEngine({ detectors, scope })
    for await (const bundle of readBundles(join(corpus, 'attacks', `${id}.ndjson`))) {
      const alerts = alertsOf(evaluateSettled(engine, blockFacts(without(bundle, lost))))
      const alert = alerts.find(({ transactionHash, severity }) =>
        transactions.some((hash) => hash === transactionHash && atLeast(severity, 'medium')),
      )
      if (alert === undefined) missed.push(id)
      else flagged.push(id)
      if (alert !== undefined && isRightCategory(alert.categories, tags)) right.push(id)
    }
  }
  const of = (hits: readonly string[]): string =>
    proportionText(clopperPearson({ successes: hits.length, n: labels.length }))
  rows.push({
    what: `without ${lost}`,
    flagged: of(flagged),
    'right category': of(right),
    missed: missed.join(', '),
  })
}
report('attacks, their contracts protected, with less recorded', rows)
