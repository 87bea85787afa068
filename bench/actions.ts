/**
 * The share of the recorded corpus that has lifted actions: by kind, by protocol, by the source they were read from.
 *
 * npm run build && node dist/bench/actions.js [--json]      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readBundles } from '../src/chain/bundle/read.ts'
import { blockFacts } from '../src/facts/facts.ts'
import type { TransactionFacts } from '../src/model/fact.ts'

type Counts = {
  transactions: number
  withActions: number
  withNamedSwap: number
  withDiscrepancy: number
  /** `action/protocol/source` → count. */
  actions: Record<string, number>
  swaps: Record<string, number>
}

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })

const tables: Record<string, Counts> = {}
for (const folder of ['attacks', 'mev', 'blocks']) tables[folder] = await countFolder(folder)
process.stdout.write(
  values.json ? `${JSON.stringify(tables)}\n` : Object.entries(tables).map(describe).join('\n'),
)

async function countFolder(folder: string): Promise<Counts> {
  const counts: Counts = {
    transactions: 0,
    withActions: 0,
    withNamedSwap: 0,
    withDiscrepancy: 0,
    actions: {},
    swaps: {},
  }
  for (const name of readdirSync(join(corpus, folder)).filter((it) => /\.ndjson(\.gz)?$/.test(it)))
    for await (const bundle of readBundles(join(corpus, folder, name)))
      for (const tx of blockFacts(bundle).transactions) count(tx, counts)
  return counts
}

function count({ facts }: TransactionFacts, counts: Counts): void {
  const kinds = new Set<string>()
  for (const fact of facts) {
    kinds.add(fact.kind)
    if (fact.kind === 'action') add(counts.actions, `${fact.action}/${fact.protocol ?? '–'}/${fact.source}`)
    if (fact.kind !== 'swap') continue
    add(counts.swaps, fact.protocol ?? '–')
    if (fact.protocol !== null) kinds.add('named swap')
  }
  counts.transactions++
  if (kinds.has('action')) counts.withActions++
  if (kinds.has('named swap')) counts.withNamedSwap++
  if (kinds.has('discrepancy')) counts.withDiscrepancy++
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

function describe([folder, counts]: [string, Counts]): string {
  const { transactions, withActions, withNamedSwap, withDiscrepancy } = counts
  const rows = Object.entries(counts.actions).sort((a, b) => b[1] - a[1])
  const swaps = Object.entries(counts.swaps).sort((a, b) => b[1] - a[1])
  return [
    `## ${folder}: ${transactions} transactions, ${withActions} with actions, ${withNamedSwap} with a swap whose protocol is known, ${withDiscrepancy} with a discrepancy`,
    '',
    '| action | protocol | from | count |',
    '| --- | --- | --- | --- |',
    ...rows.map(([key, n]) => `| ${key.split('/').join(' | ')} | ${n} |`),
    '',
    `Swaps: ${swaps.map(([protocol, n]) => `${protocol} ${n}`).join(', ')}`,
    '',
  ].join('\n')
}
