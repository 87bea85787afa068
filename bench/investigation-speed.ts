/**
 * The time for one long transaction from its recorded line to the whole investigation: parse, facts, detectors, cause,
 * victims, steps, fund flow, call tree. As a multiple of JSON.parse of the same line, and the memory of the process.
 *
 * npm run build && node dist/bench/investigation-speed.js [--frames 10000] [--runs 20] [--json]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { investigateTransactions } from '../src/investigate/investigate.ts'
import { toJson } from '../src/kit/json.ts'
import { quantile } from './quantile.ts'
import { syntheticBlock } from './synthetic.ts'

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
})
const frames = Number(values.frames)
const line = toJson(syntheticBlock({ transactions: 1, frames }))
const dir = await mkdtemp(join(tmpdir(), 'cordon-bench-'))
const source = join(dir, 'long.ndjson')
await writeFile(source, `${line}\n`)

async function once(): Promise<{ ms: number; firstScreenMs: number; frames: number }> {
  const began = performance.now()
  let firstScreenMs = 0
  const found = await investigateTransactions({
    source,
    hashes: [],
    scope: { kind: 'everything' },
    full: false,
    onFirst: () => {
      firstScreenMs = performance.now() - began
    },
  })
  return { ms: performance.now() - began, firstScreenMs, frames: found.transactions[0]?.frames ?? 0 }
}

const first = await once()
const times: number[] = []
const screens: number[] = []
const parsing: number[] = []
for (let i = 0; i < Number(values.runs); i++) {
  const { ms, firstScreenMs } = await once()
  times.push(ms)
  screens.push(firstScreenMs)
  const began = performance.now()
  JSON.parse(line)
  parsing.push(performance.now() - began)
}
await rm(dir, { recursive: true, force: true })
const summary = {
  frames: first.frames,
  megabytes: line.length / 1e6,
  firstMs: first.ms,
  firstScreenFirstMs: first.firstScreenMs,
  firstScreenP50Ms: quantile(screens, 0.5),
  p50Ms: quantile(times, 0.5),
  p99Ms: quantile(times, 0.99),
  timesJsonParse: quantile(times, 0.5) / quantile(parsing, 0.5),
  rssMegabytes: process.memoryUsage().rss / 1e6,
}
process.stdout.write(
  values.json
    ? `${JSON.stringify(summary)}\n`
    : `${summary.frames} frames, ${summary.megabytes.toFixed(1)} MB: first ${summary.firstMs.toFixed(0)} ms (first screen ${summary.firstScreenFirstMs.toFixed(0)}), then p50 ${summary.p50Ms.toFixed(0)} ms, p99 ${summary.p99Ms.toFixed(0)} ms (first screen p50 ${summary.firstScreenP50Ms.toFixed(0)}), ${summary.timesJsonParse.toFixed(1)} × JSON.parse; ${summary.rssMegabytes.toFixed(0)} MB resident\n`,
)
