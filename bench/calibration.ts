/**
 * A calibration from the whole recorded corpus, apart for simple and complex transactions, recognised MEV and each chain: `real/`,
 * `attacks/`, `benign/`, `mev/` and `blocks/`, with the labelled contracts protected. Each file is judged with a learned score that did
 * not see it (`--folds`, the prefix of five models of `train/train.py --folds`); without it with the shipped one, which did, so that the
 * figures are too good. `--part dev` takes attacks before 2022 alone.
 *
 * npm run build && node dist/bench/calibration.js --folds fold- [--part dev|all] [--out FILE]      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'
import { calibrationOf, describeCalibration } from '../src/backtest/calibrate.ts'
import { judgeFiles } from '../src/backtest/judge-files.ts'
import { type Judgement, mergeJudgements } from '../src/calibrate/judged.ts'
import { labelsSchema } from '../src/model/label.ts'
import { filesUnder } from './corpus-files.ts'

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const { values } = parseArgs({
  options: { folds: { type: 'string' }, part: { type: 'string', default: 'dev' }, out: { type: 'string' } },
})

type Dated = { date: string; transactions: string[]; file?: string; id: string }
const dated = (file: string): Dated[] => JSON.parse(readFileSync(join(corpus, file), 'utf8')) as Dated[]
const isWanted = ({ date }: Dated): boolean => values.part === 'all' || date < '2022-01-01'
const [real, replays] = [
  dated('real.labels.json').filter(isWanted),
  dated('attacks.labels.json').filter(isWanted),
]

/** `rotki` has no traces: a detector that cannot see raises no false alarm. */
const files = [
  ...real.map(({ file }) => join('real', file ?? '')),
  ...replays.map(({ id }) => join('attacks', `${id}.ndjson`)),
  ...['benign', 'mev', 'blocks']
    .flatMap((folder) => filesUnder(corpus, folder))
    .filter((file) => !file.startsWith('benign/rotki')),
]
const labels = labelsSchema.parse([...real, ...replays])

const judgements: Judgement[] = []
for (const fold of [0, 1, 2, 3, 4]) {
  const model =
    values.folds === undefined ? {} : { economics: { model: resolve(`${values.folds}${fold}.json`) } }
  judgements.push(
    await judgeFiles({
      files: files.filter((file) => crc32(file) % 5 === fold).map((file) => join(corpus, file)),
      labels,
      protect: [],
      protectLabelled: true,
      detectors: model,
      rules: 'shipped',
      workers: 1,
      progress: () => {},
      signal: new AbortController().signal,
    }),
  )
}
const calibration = calibrationOf(mergeJudgements(judgements), {
  files: files.map((file) => basename(file)),
  budgets: { pageDays: 180, actDays: 1_826 },
  perDay: 200,
  verdicts: [],
})
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(calibration, null, 1)}\n`)
process.stdout.write(`${describeCalibration(calibration).join('\n')}\n`)
