import { z } from 'zod'
import { isMalformed, parsed } from '../../chain/methods/answer.ts'
import type { Asker } from '../../chain/methods/asker.ts'
import { getBlockReceipts } from '../../chain/methods/get-block-receipts.ts'
import { getTransactionReceipt } from '../../chain/methods/get-transaction-receipt.ts'
import { parityTraceBlock } from '../../chain/methods/parity-trace-block.ts'
import { type BlockTrace, traceBlockByHash, traceBlockByNumber } from '../../chain/methods/trace-block.ts'
import { traceTransaction } from '../../chain/methods/trace-transaction.ts'
import { CALL_TRACER } from '../../chain/methods/tracer.ts'
import { messageOf } from '../../kit/error.ts'
import type { ProbeBlock } from './blocks.ts'
import { type Check, failed, ok, warning } from './check.ts'

/** The result of one method on real blocks: null, or the problem with its answers. */
type Verdict = { method: string; problem: string | null }

const frameSchema = z.record(z.string(), z.unknown())

/** Sends one node the requests that following sends, on blocks that have transactions, and checks the answers. */
export async function methodChecks(
  asker: Asker,
  of: string,
  blocks: readonly ProbeBlock[],
): Promise<Check[]> {
  const name = `blocks of ${of}`
  if (blocks.length === 0) {
    return [
      warning({
        name,
        detail: 'none of the last 64 blocks has a transaction: nothing could be tried on a real one',
        fix: 'Run this again once there are transactions.',
      }),
    ]
  }
  const receipts = await firstThat(blocks, [
    ['eth_getBlockReceipts', (block) => blockReceipts(asker, block)],
    ['eth_getTransactionReceipt', (block) => singleReceipts(asker, block)],
  ])
  const traces = await firstThat(blocks, [
    [
      'debug_traceBlockByHash',
      (block) => blockTraces(traceBlockByHash(asker, block.hash, CALL_TRACER), block),
    ],
    [
      'debug_traceBlockByNumber',
      (block) => blockTraces(traceBlockByNumber(asker, block.number, CALL_TRACER), block),
    ],
    ['trace_block', (block) => parityTraces(asker, block)],
    ['debug_traceTransaction', (block) => singleTrace(asker, block)],
  ])
  return [
    receiptsCheck(`receipts of ${of}`, receipts, blocks),
    tracesCheck(`traces of ${of}`, traces, blocks),
  ]
}

const ANOTHER_SHAPE = 'answers in another shape'

type Trial = readonly [method: string, act: (block: ProbeBlock) => Promise<string | null>]

/** Tries methods in their order until one is right on every block. */
async function firstThat(blocks: readonly ProbeBlock[], trials: readonly Trial[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const [method, act] of trials) {
    const problem = await firstProblem(blocks, act)
    verdicts.push({ method, problem })
    if (problem === null) break
  }
  return verdicts
}

async function firstProblem(
  blocks: readonly ProbeBlock[],
  act: (block: ProbeBlock) => Promise<string | null>,
): Promise<string | null> {
  for (const block of blocks) {
    const problem = await act(block).catch((thrown: unknown) =>
      isMalformed(thrown) ? ANOTHER_SHAPE : messageOf(thrown),
    )
    if (problem !== null) return `block ${block.number}: ${problem}`
  }
  return null
}

async function blockReceipts(asker: Asker, { hash, transactions }: ProbeBlock): Promise<string | null> {
  const receipts = await getBlockReceipts(asker, hash)
  if (receipts.some(({ transactionHash, logs }) => transactionHash === null || logs === null))
    return ANOTHER_SHAPE
  const given = new Set(receipts.map(({ transactionHash }) => transactionHash))
  const missing = transactions.filter((transaction) => !given.has(transaction)).length
  return missing === 0 ? null : `${missing} of ${transactions.length} receipts are missing`
}

async function singleReceipts(asker: Asker, { transactions }: ProbeBlock): Promise<string | null> {
  for (const first of transactions.slice(0, 1))
    if ((await getTransactionReceipt(asker, first)) === null) return `no receipt of ${first}`
  return null
}

async function blockTraces(
  traces: Promise<BlockTrace[]>,
  { transactions }: ProbeBlock,
): Promise<string | null> {
  const traced = await traces
  if (traced.length !== transactions.length)
    return `${traced.length} traces for ${transactions.length} transactions`
  const broken = traced.find(({ error }) => error !== undefined)
  if (broken !== undefined) return `a transaction could not be traced: ${broken.error?.slice(0, 120)}`
  return traced.map(({ result }) => frameProblem(result)).find((problem) => problem !== null) ?? null
}

async function singleTrace(asker: Asker, { transactions }: ProbeBlock): Promise<string | null> {
  for (const hash of transactions.slice(0, 1))
    return frameProblem(
      parsed(
        frameSchema,
        'debug_traceTransaction',
        await traceTransaction(asker, { hash, tracer: CALL_TRACER }),
      ),
    )
  return null
}

function frameProblem(frame: Record<string, unknown> | undefined): string | null {
  if (frame === undefined) return 'a transaction has no trace'
  if ('structLogs' in frame) return 'it ignores the tracer and answers with struct logs'
  return typeof frame['type'] === 'string' && typeof frame['from'] === 'string'
    ? null
    : 'a trace is not made of call frames'
}

async function parityTraces(asker: Asker, { number, transactions }: ProbeBlock): Promise<string | null> {
  const traced = new Set(await parityTraceBlock(asker, number))
  const missing = transactions.filter((transaction) => !traced.has(transaction)).length
  return missing === 0 ? null : `${missing} of ${transactions.length} transactions have no trace`
}

function receiptsCheck(name: string, verdicts: readonly Verdict[], blocks: readonly ProbeBlock[]): Check {
  const used = verdicts.find(({ problem }) => problem === null)
  const lying = verdicts.find(({ problem }) => problem?.includes('receipts are missing'))
  if (lying !== undefined) {
    const fix = 'This node hides what happened: take it out of rpcUrls, and ask who runs it.'
    return failed({ name, detail: `${lying.method}: ${lying.problem}`, fix })
  }
  if (used !== undefined) return ok(name, `${used.method}, tried on ${tried(blocks)}`)
  return failed({
    name,
    detail: problemsOf(verdicts),
    fix: 'Use a node that returns receipts of recent blocks.',
  })
}

function tracesCheck(name: string, verdicts: readonly Verdict[], blocks: readonly ProbeBlock[]): Check {
  const used = verdicts.find(({ problem }) => problem === null)
  if (used === undefined) {
    return failed({
      name,
      detail: `nothing inside transactions is seen. ${problemsOf(verdicts)}`,
      fix: 'Use a node with debug_traceBlockByHash and callTracer (geth --http.api eth,debug) or trace_block (Erigon, Nethermind).',
    })
  }
  const detail = `${used.method}, tried on ${tried(blocks)}`
  if (used.method !== 'debug_traceTransaction') return ok(name, detail)
  const fix = 'Use a node that traces whole blocks: one call a transaction is slow.'
  return warning({ name, detail: `only ${detail}. ${problemsOf(verdicts)}`, fix })
}

function tried(blocks: readonly ProbeBlock[]): string {
  const transactions = blocks.reduce((sum, block) => sum + block.transactions.length, 0)
  return `${transactions} transactions in blocks ${blocks.map(({ number }) => number).join(', ')}`
}

function problemsOf(verdicts: readonly Verdict[]): string {
  return verdicts
    .filter(({ problem }) => problem !== null)
    .map(({ method, problem }) => `${method}: ${problem}`)
    .join('; ')
}
