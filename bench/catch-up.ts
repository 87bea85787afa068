import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { silentLogger } from '../src/kit/logger.ts'
import { configSchema } from '../src/model/config.ts'
import { watchOnly } from '../src/respond/watch-only.ts'
import { report } from './report.ts'

/*
 * The speed at which Cordon catches up on a chain of real blocks (Ethereum, Scroll and Linea of the corpus, one after
 * the other, with receipts and call frames), served over HTTP by a separate process that answers after a few
 * milliseconds, like a node. With three contracts protected, and with everything.
 *
 * npm run build && node dist/bench/catch-up.js [--blocks 175] [--latency 10] [--json]
 */
const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
/** Minimum number of transactions in a block: emptier ones are not representative of the work. */
const LEAST = 30
const SETS = ['zeth', 'raiko-keth', 'zisk-rsp', 'scroll', 'linea', 'pevm']

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

/** As on Ethereum: the last two epochs are not final. */
const UNFINALISED = 64
const BLOCKS = option('blocks', 175)
const LATENCY_MS = option('latency', 10)

if (process.argv.includes('--serve')) await serve()
else if (existsSync(corpus)) await measure()
else process.stderr.write(`no corpus at ${corpus}: set CORDON_CORPUS\n`)

type Raw = Record<string, unknown>
type Recorded = { block: Raw & { transactions: Raw[] }; receipts: Raw[]; traces: Raw[] }
type Served = { number: number; header: string; full: string; receipts: string; traces: string }

function hashOf(number: number): string {
  return `0x${(number + 1).toString(16).padStart(64, '0')}`
}

function recordedBlocks(): Recorded[] {
  return SETS.flatMap((set) => {
    const folder = join(corpus, 'benign', set)
    return readdirSync(folder)
      .filter((name) => name.endsWith('.ndjson.gz') && !name.includes('partial'))
      .sort()
      .flatMap((name) =>
        gunzipSync(readFileSync(join(folder, name)))
          .toString('utf8')
          .trim()
          .split('\n'),
      )
      .map((line) => JSON.parse(line) as Recorded & { traceFormat?: string })
      .filter(
        ({ block, traces, traceFormat }) =>
          traces !== undefined && traceFormat === undefined && block.transactions.length >= LEAST,
      )
  })
}

/** A chain of the given length: the recorded blocks in turn, each on the previous one. */
function chainOf(recorded: readonly Recorded[]): Served[] {
  return Array.from({ length: BLOCKS + 1 }, (_, number) => {
    const { block, receipts, traces } = recorded[number % recorded.length] as Recorded
    const hash = hashOf(number)
    const { receiptsRoot: _receiptsRoot, ...kept } = block
    const own = {
      ...kept,
      number: `0x${number.toString(16)}`,
      hash,
      parentHash: hashOf(number - 1),
      timestamp: `0x${(1_700_000_000 + 12 * number).toString(16)}`,
    }
    const hashes = block.transactions.map((transaction) => transaction['hash'])
    return {
      number,
      header: JSON.stringify({ ...own, transactions: hashes }),
      full: JSON.stringify(own),
      receipts: JSON.stringify(receipts.map((receipt) => ({ ...receipt, blockHash: hash }))),
      traces: JSON.stringify(traces),
    }
  })
}

async function serve(): Promise<void> {
  const recorded = recordedBlocks()
  const busiest = mostCalled(recorded)
  const chain = chainOf(recorded)
  const find = (tag: unknown): Served | undefined =>
    tag === 'latest' || tag === 'finalized'
      ? chain.at(tag === 'latest' ? -1 : -1 - UNFINALISED)
      : String(tag).length === 66
        ? chain.find(({ number }) => hashOf(number) === tag)
        : chain[Number(tag)]
  const answers: Record<string, (params: unknown[]) => string | undefined> = {
    eth_chainId: () => '"0x1"',
    web3_clientVersion: () => '"recorded"',
    eth_blockNumber: () => `"0x${BLOCKS.toString(16)}"`,
    eth_getBlockByNumber: ([tag, isFull]) => find(tag)?.[isFull === true ? 'full' : 'header'],
    eth_getBlockByHash: ([tag, isFull]) => find(tag)?.[isFull === true ? 'full' : 'header'],
    eth_getBlockReceipts: ([tag]) => find(tag)?.receipts,
    debug_traceBlockByHash: ([tag]) => find(tag)?.traces,
    eth_getCode: () => '"0x"',
  }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] }
      const result = answers[method]?.(params)
      const error = '"error":{"code":-32601,"message":"the method does not exist/is not available"}'
      const text = `{"jsonrpc":"2.0","id":${id},${result === undefined ? error : `"result":${result}`}}`
      response.setHeader('content-type', 'application/json')
      setTimeout(() => response.end(text), LATENCY_MS)
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    process.stdout.write(`${JSON.stringify({ port, busiest })}\n`)
  })
}

async function measure(): Promise<void> {
  const args = [
    fileURLToPath(import.meta.url),
    '--serve',
    '--blocks',
    `${BLOCKS}`,
    '--latency',
    `${LATENCY_MS}`,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [first] = (await once(child.stdout, 'data')) as [Buffer]
  const { port, busiest } = JSON.parse(first.toString()) as { port: number; busiest: string[] }
  const url = `http://127.0.0.1:${port}`
  const rows = []
  for (const [what, protect] of [
    ['three contracts', busiest.map((address) => ({ address }))],
    ['everything', []],
  ] as const)
    rows.push(await catchUp(what, { url, protect }))
  child.kill()
  report(`catching up on ${BLOCKS} real blocks over HTTP, ${LATENCY_MS} ms an answer`, rows)
}

/** The contracts that most transactions call. */
function mostCalled(recorded: readonly Recorded[]): string[] {
  const counts = new Map<string, number>()
  for (const { block } of recorded)
    for (const { to } of block.transactions)
      if (typeof to === 'string') counts.set(to, (counts.get(to) ?? 0) + 1)
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([address]) => address)
}

async function catchUp(
  what: string,
  { url, protect }: { url: string; protect: readonly { address: string }[] },
) {
  const config = configSchema.parse({ chains: [{ chainId: 1, rpcUrls: [url] }], protect })
  const abort = new AbortController()
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 50)
  const began = performance.now()
  const cpu = process.cpuUsage()
  let transactions = 0
  let blocks = 0
  const lines = watchOnly({
    ...{ config, logger: silentLogger, mempool: false, fromBlock: 1, maxBlocks: BLOCKS },
    progress: () => {},
    signal: abort.signal,
  })
  for await (const line of lines)
    if (line.type === 'summary') {
      transactions = line.transactions
      blocks = line.blocks
    }
  clearInterval(watch)
  const seconds = (performance.now() - began) / 1_000
  return {
    what,
    blocks,
    'transactions a block': Math.round(transactions / blocks),
    'blocks/s': blocks / seconds,
    'transactions/s': Math.round(transactions / seconds),
    'own CPU s': (process.cpuUsage(cpu).user + process.cpuUsage(cpu).system) / 1e6,
    'peak MB': Math.round(peak / 2 ** 20),
  }
}
