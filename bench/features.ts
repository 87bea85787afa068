/**
 * One line of JSON for each transaction that the learned score is trained on: where it is from, whether it is an attack, and its
 * features (`src/detect/detectors/economics/features.ts`). Reads `real/`, `attacks/`, `benign/`, `mev/` and `blocks/` of the corpus.
 *
 * npm run build && node dist/bench/features.js > features.ndjson      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readBundles } from '../src/chain/bundle/read.ts'
import { economyOf } from '../src/detect/detectors/economics/economy.ts'
import { featuresOf } from '../src/detect/detectors/economics/features.ts'
import { factsFromCalls } from '../src/facts/facts.ts'
import { filesUnder } from './corpus-files.ts'

type Label = { id: string; date: string; transactions: string[]; harmRecorded?: boolean; mechanism?: string }

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const labelsOf = (file: string): Label[] => JSON.parse(readFileSync(join(corpus, file), 'utf8')) as Label[]
const attacks = new Map(
  [...labelsOf('real.labels.json'), ...labelsOf('attacks.labels.json')].flatMap((label) =>
    label.transactions.map((hash) => [hash.toLowerCase(), label]),
  ),
)

for (const folder of ['real', 'attacks', 'benign', 'mev', 'blocks'])
  for (const file of filesUnder(corpus, folder))
    for await (const bundle of readBundles(join(corpus, file)))
      for (const transaction of bundle.transactions) {
        const label = attacks.get(transaction.hash)
        const isLabelled = folder === 'real' || folder === 'attacks'
        if ((isLabelled && label === undefined) || transaction.frames.length === 0) continue
        const features = featuresOf(economyOf(factsFromCalls(transaction)))
        const { id = null, date = null, harmRecorded = null } = label ?? {}
        const line = { folder, file, hash: transaction.hash, id, date, harm: harmRecorded, features }
        process.stdout.write(`${JSON.stringify(line)}\n`)
      }
