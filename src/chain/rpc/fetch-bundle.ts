import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError } from '../../kit/error.ts'
import { retry } from '../../kit/retry.ts'
import type { BlockBundle } from '../../model/block.ts'
import { parseBundle } from '../bundle/parse.ts'
import type { Raw } from '../trace/fields.ts'
import { array, hash, object } from '../trace/fields.ts'
import type { Capabilities } from './capabilities.ts'
import { CALL_TRACER } from './capabilities.ts'
import type { Rpc } from './rpc.ts'

/** The raw object of a bundle line, as it is recorded and parsed. */
export type RawBundle = Record<string, unknown>

export type FetchOptions = {
  rpc: Rpc
  capabilities: Capabilities
  attempts?: number
  clock?: Clock
  signal?: AbortSignal
}

/**
 * One block with receipts and traces, all about the same hash.
 * Retries while the node contradicts itself (a reorg between calls) or has not caught up; then throws
 * `chain.ContradictoryBlock`, `chain.BlockMissing`, `chain.MalformedField` or `chain.EndpointFailed`.
 */
export async function fetchBundle(block: string | number, options: FetchOptions): Promise<BlockBundle> {
  const { bundle } = await fetchRawBundle(block, options)
  return bundle
}

export async function fetchRawBundle(
  block: string | number,
  { rpc, capabilities, attempts = 5, clock = systemClock, signal }: FetchOptions,
): Promise<{ raw: RawBundle; bundle: BlockBundle }> {
  return retry(
    async () => {
      const raw = await gather(block, rpc, capabilities)
      return { raw, bundle: parseBundle(raw) }
    },
    { attempts, delayMs: 50, maxDelayMs: 1_000, clock, ...(signal === undefined ? {} : { signal }) },
  )
}

async function gather(block: string | number, rpc: Rpc, capabilities: Capabilities): Promise<RawBundle> {
  const byHash = typeof block === 'string'
  const method = byHash ? 'eth_getBlockByHash' : 'eth_getBlockByNumber'
  const found = await rpc.request(method, [byHash ? block : `0x${block.toString(16)}`, true])
  if (found === null || found === undefined) throw blockMissing(block)
  const header = object(found, 'block')
  const blockHash = hash(header['hash'], 'block.hash')
  const transactions = array(header['transactions'], 'block.transactions')
  const [receipts, traces] = await Promise.all([
    transactions.length === 0 ? [] : receiptsOf(header, rpc, capabilities),
    transactions.length === 0 ? [] : tracesOf(header, rpc, capabilities),
  ])
  for (const item of receipts) {
    const receipt = object(item, 'receipts')
    if (receipt['blockHash'] !== undefined && receipt['blockHash'] !== blockHash)
      throw contradiction(blockHash, receipt)
  }
  return {
    chainId: capabilities.chainId,
    block: header,
    receipts,
    ...(traces === undefined ? {} : { traces }),
    ...(capabilities.traces === 'trace_block' ? { traceFormat: 'parity' } : {}),
  }
}

async function receiptsOf(header: Raw, rpc: Rpc, capabilities: Capabilities): Promise<readonly unknown[]> {
  const transactions = array(header['transactions'], 'block.transactions')
  if (capabilities.receipts === 'eth_getBlockReceipts') {
    const receipts = await rpc.request('eth_getBlockReceipts', [header['hash']])
    if (receipts === null) throw blockMissing(String(header['hash']))
    if (array(receipts, 'receipts').length !== transactions.length)
      throw contradiction(String(header['hash']), { receipts: array(receipts, 'receipts').length })
    return array(receipts, 'receipts')
  }
  return Promise.all(
    transactions.map(async (item) => {
      const receipt = await rpc.request('eth_getTransactionReceipt', [
        object(item, 'block.transactions')['hash'],
      ])
      if (receipt === null) throw blockMissing(String(header['hash']))
      return receipt
    }),
  )
}

async function tracesOf(
  header: Raw,
  rpc: Rpc,
  { traces }: Capabilities,
): Promise<readonly unknown[] | undefined> {
  switch (traces) {
    case 'none':
      return undefined
    case 'debug_traceBlockByHash':
      return withHashes(header, await rpc.request(traces, [header['hash'], CALL_TRACER]))
    case 'debug_traceBlockByNumber':
      return withHashes(header, await rpc.request(traces, [header['number'], CALL_TRACER]))
    case 'trace_block':
      return parityOf(header, await rpc.request(traces, [header['number']]))
  }
}

function parityOf(header: Raw, answer: unknown): readonly unknown[] {
  if (answer === null) throw blockMissing(String(header['hash']))
  const traces = array(answer, 'traces')
  for (const item of traces) {
    const trace = object(item, 'traces')
    if (trace['blockHash'] !== undefined && trace['blockHash'] !== header['hash'])
      throw contradiction(String(header['hash']), trace)
  }
  return traces
}

/** Old nodes leave `txHash` out; the traces stand in transaction order. */
function withHashes(header: Raw, answer: unknown): readonly unknown[] {
  if (answer === null) throw blockMissing(String(header['hash']))
  const transactions = array(header['transactions'], 'block.transactions')
  const traces = array(answer, 'traces')
  if (traces.length !== transactions.length)
    throw contradiction(String(header['hash']), { traces: traces.length })
  return traces.map((item, index) => {
    const trace = object(item, 'traces')
    const txHash = trace['txHash'] ?? object(transactions[index], 'block.transactions')['hash']
    return { ...trace, txHash }
  })
}

function blockMissing(block: string | number): CordonError {
  return new CordonError({
    code: 'chain.BlockMissing',
    message: `The node does not have block ${block}, or not its receipts yet.`,
    facts: { block },
    fix: 'It may be pruned, orphaned or not there yet: ask an archive node, or wait.',
    retryable: true,
  })
}

function contradiction(blockHash: string, seen: Raw): CordonError {
  return new CordonError({
    code: 'chain.ContradictoryBlock',
    message: 'The node’s answers about one block belong to different blocks.',
    facts: { blockHash, other: seen['blockHash'], traces: seen['traces'], receipts: seen['receipts'] },
    fix: 'A reorg between calls, or nodes that disagree behind one URL: Cordon asks again by itself.',
    retryable: true,
  })
}
