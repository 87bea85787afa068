/**
 * Retraining of the learned score (`cordon calibrate --train`), on the development part of the corpus alone: a score is trained on
 * one half (attacks, and benign sets of other chains and recordings), and continued on the other as if it were a user's own; and the
 * other way round. Judged on files that were held out. Prints the number of added trees that was chosen, and those around it.
 *
 * npm run build && node dist/bench/retrain.js      (needs CORDON_CORPUS or ../shared/corpus; a minute)
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compare, judgeFold } from '../src/backtest/retrain/compare.ts'
import { continueFrom } from '../src/backtest/retrain/continue-from.ts'
import { fileFolds } from '../src/backtest/retrain/folds.ts'
import { type Samples, samplesOf } from '../src/backtest/retrain/samples.ts'
import { proportionText } from '../src/calibrate/statistics.ts'
import { scoreOf, type Trees, treesSchema } from '../src/detect/detectors/economics/trees.ts'
import { labelsSchema } from '../src/model/label.ts'

type Dated = { date: string; file: string }

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const shipped = treesSchema.parse(JSON.parse(readFileSync('models/attack-score.json', 'utf8')))
/** No knowledge but that attacks are rare. */
const EMPTY: Trees = { ...shipped, trees: [[[-2.5]]] }
const FROM_NOTHING = 300

const filesUnder = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return filesUnder(path)
    return /\.ndjson(\.gz)?$/.test(name) ? [path] : []
  })

function read(isWanted: (date: string) => boolean, sets: readonly string[]): Promise<Samples> {
  const attacks = (JSON.parse(readFileSync(join(corpus, 'real.labels.json'), 'utf8')) as Dated[]).filter(
    ({ date }) => date < '2022-01-01' && isWanted(date),
  )
  return samplesOf({
    files: [
      ...attacks.map(({ file }) => join(corpus, 'real', file)),
      ...sets.flatMap((set) => filesUnder(join(corpus, 'benign', set))),
    ],
    labels: labelsSchema.parse(attacks),
    model: EMPTY,
    progress: () => {},
    signal: new AbortController().signal,
  })
}

function rescored({ samples, unscored, absent }: Samples, model: Trees): Samples {
  const again = samples.map((sample) =>
    sample.scored === null
      ? sample
      : { ...sample, scored: { ...sample.scored, score: scoreOf(model, sample.scored.features) } },
  )
  return { samples: again, unscored, absent }
}

const early = await read((date) => date < '2021-06-01', ['pevm'])
const late = await read(
  (date) => date >= '2021-06-01',
  ['linea', 'scroll', 'raiko-keth', 'zisk-rsp', 'firehose'],
)

for (const [name, base, own] of [
  ['own: attacks before June 2021, pevm', late, early],
  ['own: attacks of June to December 2021, the other sets', early, late],
] as const) {
  const model = continueFrom(EMPTY, base.samples, FROM_NOTHING)
  const folds = fileFolds(rescored(own, model))
  for (const rounds of [30, 50, 100, 200]) {
    const held = folds.map((fold) => judgeFold(fold, continueFrom(model, fold.learn, rounds)))
    const { recall, simple, complex } = compare(held, { name: 'page', score: 0.7 })
    process.stdout.write(
      `${name}; ${rounds} trees, score 0.7\n${Object.entries({ recall, simple, complex })
        .map(
          ([kind, { before, after }]) =>
            `  ${kind.padEnd(8)} ${proportionText(before)} → ${proportionText(after)}`,
        )
        .join('\n')}\n`,
    )
  }
}
