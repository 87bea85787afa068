/**
 * Backtest of histories larger than memory: repeats the mev and ordinary blocks of the corpus, writes them to a
 * temporary folder as two files, and judges them there. Prints time, speed and the maximum resident memory.
 *
 * npm run build && node --max-old-space-size=256 dist/bench/backtest.js [--megabytes 1100] [--workers 1] [--json]
 * (needs CORDON_CORPUS or ../shared/corpus)
 */
import { createReadStream, createWriteStream, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createGunzip } from 'node:zlib'
import { backtest, readLabels } from '../src/backtest/backtest.ts'

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1100' },
    workers: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const half = (Number(values.megabytes) * 1e6) / 2

async function* blocksFor(bytes: number): AsyncGenerator<Buffer> {
  const files = ['mev', 'blocks'].flatMap((folder) =>
    readdirSync(join(corpus, folder))
      .filter((name) => name.endsWith('.ndjson.gz'))
      .map((name) => join(corpus, folder, name)),
  )
  for (let written = 0; written < bytes; ) {
    for (const file of files) {
      for await (const piece of createReadStream(file).pipe(createGunzip())) {
        written += piece.length
        yield piece
      }
      yield Buffer.from('\n')
    }
  }
}

const dir = await mkdtemp(join(tmpdir(), 'cordon-bench-'))
try {
  const files = ['a.ndjson', 'b.ndjson'].map((name) => join(dir, name))
  for (const file of files) await pipeline(Readable.from(blocksFor(half)), createWriteStream(file))
  const began = performance.now()
  const report = await backtest({
    files,
    labels: await readLabels(join(corpus, 'attacks.labels.json')),
    protect: [],
    protectLabelled: false,
    rules: 'shipped',
    pauseHours: 4,
    workers: Number(values.workers),
    progress: () => {},
    signal: new AbortController().signal,
  })
  const seconds = (performance.now() - began) / 1000
  const row = {
    megabytes: Number(values.megabytes),
    workers: Number(values.workers),
    transactions: report.transactions,
    seconds: Number(seconds.toFixed(2)),
    perSecond: Math.round(report.transactions / seconds),
    residentMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  }
  process.stdout.write(
    values.json
      ? `${JSON.stringify(row)}\n`
      : `${row.megabytes} MB, ${row.transactions} transactions, ${row.workers} threads: ${row.seconds} s, ${row.perSecond}/s, ${row.residentMegabytes} MB resident at most\n`,
  )
} finally {
  await rm(dir, { recursive: true, force: true })
}
