import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parseBundle } from '../src/chain/bundle/parse.ts'
import { createEngine, evaluateSettled } from '../src/detect/engine/engine.ts'
import { detectors } from '../src/detect/registry.ts'
import { blockFacts } from '../src/facts/facts.ts'
import { withFiles } from '../src/files/detector-options.ts'
import { withRules } from '../src/files/rules.ts'
import { quantile, type Row, report, time } from './report.ts'

/*
 * Recorded blocks from JSON text to findings with everything in scope: transactions per second, and the ratio of the
 * time to JSON.parse of the same bytes in the same run.
 */

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const RUNS = 7
/** As shipped: with the rules and the learned score. */
const options = await withRules(await withFiles({}), undefined)

if (existsSync(corpus))
  report('replay: text to findings, everything in scope', ['mev', 'attacks', 'blocks'].map(rowOf))
else process.stderr.write(`no corpus at ${corpus}: set CORDON_CORPUS\n`)

function rowOf(folder: string): Row {
  const lines = readdirSync(join(corpus, folder))
    .filter((name) => name.includes('.ndjson'))
    .sort()
    .flatMap((name) => linesOf(join(corpus, folder, name)))
  let transactions = 0
  const replay = (): void => {
    const engine = createEngine({ detectors, scope: { kind: 'everything' }, options })
    transactions = 0
    for (const line of lines) {
      const bundle = parseBundle(JSON.parse(line))
      transactions += bundle.transactions.length
      evaluateSettled(engine, blockFacts(bundle))
    }
  }
  const parse = (): void => {
    for (const line of lines) JSON.parse(line)
  }
  time(replay, 3)
  time(parse, 3)
  const [replayMs, parseMs] = [quantile(time(replay, RUNS), 0.5), quantile(time(parse, RUNS), 0.5)]
  return {
    what: folder,
    transactions,
    MB: lines.reduce((sum, line) => sum + line.length, 0) / 1e6,
    'JSON.parse ms': parseMs,
    'replay ms': replayMs,
    'times JSON.parse': replayMs / parseMs,
    'transactions/s': Math.round((transactions / replayMs) * 1_000),
  }
}

function linesOf(path: string): string[] {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
}
