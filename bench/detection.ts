/**
 * Detection on the recorded corpus, scored by its labels: attacks with their contracts protected and with nothing
 * protected; blocks dense in arbitrage with the ten most used contracts (and all vulnerable ones) protected; ordinary
 * blocks with nothing protected.
 *
 * npm run build && node dist/bench/detection.js [--json]      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { backtest, readLabels } from '../src/backtest/backtest.ts'
import type { BacktestReport } from '../src/calibrate/backtest.ts'
import { proportionText } from '../src/calibrate/statistics.ts'
import { readBundles } from '../src/chain/bundle/read.ts'
import { isEntry } from '../src/detect/lib/entries.ts'
import { blockFacts } from '../src/facts/facts.ts'
import type { Address } from '../src/model/hex.ts'

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const filesOf = (folder: string): string[] =>
  readdirSync(join(corpus, folder))
    .filter((name) => /\.ndjson(\.gz)?$/.test(name))
    .map((name) => join(corpus, folder, name))

const labels = await readLabels(join(corpus, 'attacks.labels.json'))
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })

/** The contracts that are entered most often, tokens left out: pools, routers, lending. */
async function mostUsed(files: readonly string[], count: number): Promise<Address[]> {
  const entries = new Map<Address, number>()
  const tokens = new Set<string>()
  for (const file of files) {
    for await (const bundle of readBundles(file)) {
      for (const { transaction, facts } of blockFacts(bundle).transactions) {
        for (const fact of facts) if (fact.kind === 'transfer') tokens.add(fact.asset)
        for (const frame of transaction.frames) {
          if (frame.context !== null && isEntry(frame, transaction.frames))
            entries.set(frame.context, (entries.get(frame.context) ?? 0) + 1)
        }
      }
    }
  }
  return [...entries]
    .filter(([address]) => !tokens.has(address))
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([address]) => address)
}

const quiet = {
  labels,
  // the shipped rules count like every detector
  rules: 'shipped' as const,
  pauseHours: 4,
  progress: () => {},
  signal: new AbortController().signal,
}
const vulnerable = [...new Set(labels.flatMap(({ vulnerableContracts }) => vulnerableContracts))]
const runs: [string, BacktestReport][] = [
  [
    'attacks, vulnerable contracts protected',
    await backtest({ ...quiet, files: filesOf('attacks'), protect: [], protectLabelled: true }),
  ],
  [
    'attacks, nothing protected',
    await backtest({ ...quiet, files: filesOf('attacks'), protect: [], protectLabelled: false }),
  ],
  [
    'mev, ten most used and all vulnerable contracts protected',
    await backtest({
      ...quiet,
      files: filesOf('mev'),
      protect: [...vulnerable, ...(await mostUsed(filesOf('mev'), 10))],
      protectLabelled: false,
    }),
  ],
  [
    'mev, nothing protected',
    await backtest({ ...quiet, files: filesOf('mev'), protect: [], protectLabelled: false }),
  ],
  [
    'blocks, nothing protected',
    await backtest({ ...quiet, files: filesOf('blocks'), protect: [], protectLabelled: false }),
  ],
]

if (values.json) process.stdout.write(`${JSON.stringify(Object.fromEntries(runs))}\n`)
else for (const [name, report] of runs) process.stdout.write(`${describe(name, report)}\n\n`)

function describe(name: string, report: BacktestReport): string {
  const { medium, high } = report.atSeverity
  const lines = [`${name}: ${report.transactions} transactions`]
  if (report.attacks > 0) {
    lines.push(
      `  flagged (medium or above)  ${proportionText(medium.recall)}`,
      `  paging (high or above)     ${proportionText(high.recall)}`,
    )
    lines.push(
      `  right category first       ${proportionText(report.rightCategory)}`,
      `  missed                     ${report.missed.join(', ') || 'none'}`,
    )
  } else {
    lines.push(
      `  paging alerts              ${proportionText(high.falsePositiveRate)}`,
      `  recorded at medium         ${medium.falsePositives - high.falsePositives}`,
    )
    lines.push(`  would have acted           ${proportionText(report.wouldActOnBenign)}`)
    for (const alarm of report.falseAlarms)
      lines.push(`    ${alarm.severity} ${alarm.categories.join(', ')} ${alarm.transactionHash}`)
  }
  return lines.join('\n')
}
