import { z } from 'zod'
import { CALL_TRACER } from '../../chain/methods/tracer.ts'
import { messageOf } from '../../kit/error.ts'
import type { Ask, ProbeBlock } from './blocks.ts'
import { type Check, failed, ok, warning } from './check.ts'

/** The result of one method on real blocks: null, or the problem with its answers. */
type Verdict = { method: string; problem: string | null }

const receiptsSchema = z.array(z.object({ transactionHash: z.string(), logs: z.array(z.unknown()) }))
const tracedSchema = z.array(
  z.object({ result: z.record(z.string(), z.unknown()).optional(), error: z.string().optional() }),
)
const parityTraceSchema = z.array(z.object({ transactionHash: z.string().nullish() }))
const frameSchema = z.record(z.string(), z.unknown())

/** Sends one node the requests that following sends, on blocks that have transactions, and checks the answers. */
export async function methodChecks(ask: Ask, of: string, blocks: readonly ProbeBlock[]): Promise<Check[]> {
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
    ['eth_getBlockReceipts', (block) => blockReceipts(ask, block)],
    ['eth_getTransactionReceipt', (block) => singleReceipts(ask, block)],
  ])
  const traces = await firstThat(blocks, [
    ['debug_traceBlockByHash', (block) => blockTraces(ask, 'debug_traceBlockByHash', block)],
    ['debug_traceBlockByNumber', (block) => blockTraces(ask, 'debug_traceBlockByNumber', block)],
    ['trace_block', (block) => parityTraces(ask, block)],
    ['debug_traceTransaction', (block) => singleTrace(ask, block)],
  ])
  return [
    receiptsCheck(`receipts of ${of}`, receipts, blocks),
    tracesCheck(`traces of ${of}`, traces, blocks),
  ]
}

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
      thrown instanceof z.ZodError ? 'answers in another shape' : messageOf(thrown),
    )
    if (problem !== null) return `block ${block.number}: ${problem}`
  }
  return null
}

async function blockReceipts(ask: Ask, { hash, transactions }: ProbeBlock): Promise<string | null> {
  const receipts = receiptsSchema.parse(await ask('eth_getBlockReceipts', [hash]))
  const given = new Set(receipts.map(({ transactionHash }) => transactionHash))
  const missing = transactions.filter((transaction) => !given.has(transaction)).length
  return missing === 0 ? null : `${missing} of ${transactions.length} receipts are missing`
}

async function singleReceipts(ask: Ask, { transactions }: ProbeBlock): Promise<string | null> {
  const [first] = transactions
  const receipt = await ask('eth_getTransactionReceipt', [first])
  return receipt === null ? `no receipt of ${first}` : null
}

async function blockTraces(
  ask: Ask,
  method: 'debug_traceBlockByHash' | 'debug_traceBlockByNumber',
  { number, hash, transactions }: ProbeBlock,
): Promise<string | null> {
  const key = method === 'debug_traceBlockByHash' ? hash : `0x${number.toString(16)}`
  const traced = tracedSchema.parse(await ask(method, [key, CALL_TRACER]))
  if (traced.length !== transactions.length)
    return `${traced.length} traces for ${transactions.length} transactions`
  const broken = traced.find(({ error }) => error !== undefined)
  if (broken !== undefined) return `a transaction could not be traced: ${broken.error?.slice(0, 120)}`
  return traced.map(({ result }) => frameProblem(result)).find((problem) => problem !== null) ?? null
}

async function singleTrace(ask: Ask, { transactions }: ProbeBlock): Promise<string | null> {
  return frameProblem(frameSchema.parse(await ask('debug_traceTransaction', [transactions[0], CALL_TRACER])))
}

function frameProblem(frame: Record<string, unknown> | undefined): string | null {
  if (frame === undefined) return 'a transaction has no trace'
  if ('structLogs' in frame) return 'it ignores the tracer and answers with struct logs'
  return typeof frame['type'] === 'string' && typeof frame['from'] === 'string'
    ? null
    : 'a trace is not made of call frames'
}

async function parityTraces(ask: Ask, { number, transactions }: ProbeBlock): Promise<string | null> {
  const traces = parityTraceSchema.parse(await ask('trace_block', [`0x${number.toString(16)}`]))
  const traced = new Set(traces.map(({ transactionHash }) => transactionHash))
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
    fix: 'Use a node that gives receipts of recent blocks.',
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
