/**
 * The number of transactions of the recorded corpus that look like searcher activity, by kind.
 *
 * npm run build && node dist/bench/mev.js      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readBundles } from '../src/chain/bundle/read.ts'
import { looksLikeMev } from '../src/detect/engine/reweigh/mev.ts'
import { blockFacts } from '../src/facts/facts.ts'

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')

for (const folder of ['mev', 'blocks', 'attacks']) {
  const counts: Record<string, number> = { arbitrage: 0, sandwich: 0, liquidation: 0, none: 0 }
  for (const name of readdirSync(join(corpus, folder)).filter((file) => /\.ndjson(\.gz)?$/.test(file))) {
    for await (const bundle of readBundles(join(corpus, folder, name))) {
      const { transactions } = blockFacts(bundle)
      for (const tx of transactions) {
        const kind = looksLikeMev(tx, { scope: { kind: 'everything' }, block: transactions }) ?? 'none'
        counts[kind] = (counts[kind] ?? 0) + 1
      }
    }
  }
  process.stdout.write(`${folder}: ${JSON.stringify(counts)}\n`)
}
