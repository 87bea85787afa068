import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import type { BlockBundle, ChainUpdate, SourceNotice } from '../../model/block.ts'
import type { Hash } from '../../model/hex.ts'
import { parseBundle } from '../bundle/parse.ts'
import { getRawTransaction } from '../methods/get-transaction.ts'
import { getFilterChanges, newPendingTransactionFilter } from '../methods/pending-filter.ts'
import { CALL_TRACER } from '../methods/tracer.ts'
import type { Raw } from '../trace/fields.ts'
import { object } from '../trace/fields.ts'
import type { Capabilities } from './capabilities.ts'
import { unlessDown } from './failure.ts'
import type { Rpc } from './rpc.ts'

export type PendingOptions = {
  rpc: Rpc
  capabilities: Capabilities
  logger: Logger
  /** Interval between requests for new pending transactions, milliseconds. */
  pollMs?: number
  clock?: Clock
  signal: AbortSignal
}

/** Milliseconds between checks whether the node can now trace calls. */
const UNAVAILABLE_MS = 2_000
/** Pending transactions traced in parallel. */
const AT_ONCE = 8

/**
 * Transactions that wait in the node's pool, each traced on the latest state as if it came next and at its own price,
 * in the form of a block of one transaction with `pending: true`. Needs `debug_traceCall`: while the node lacks it,
 * that is reported once, and `capabilities` is checked repeatedly.
 */
export async function* watchPending(options: PendingOptions): AsyncGenerator<ChainUpdate> {
  const { rpc, capabilities, logger, pollMs = 50, clock = systemClock, signal } = options
  let filter: unknown
  let isTold = false
  while (!signal.aborted) {
    if (!capabilities.traceCall) {
      if (!isTold) yield { kind: 'notice', notice: unavailable(capabilities) }
      isTold = true
      await clock.sleep(UNAVAILABLE_MS, signal)
      continue
    }
    isTold = false
    try {
      filter ??= await newPendingTransactionFilter(rpc)
      const hashes = await getFilterChanges(rpc, filter)
      for (let i = 0; i < hashes.length; i += AT_ONCE) {
        const slice = hashes.slice(i, i + AT_ONCE)
        for (const update of await Promise.all(slice.map((hash) => traced(hash, options))))
          if (update) yield update
      }
    } catch (thrown) {
      // The node has lost the filter: request a new one.
      filter = undefined
      logger.debug({ reason: messageOf(thrown) }, 'pending filter lost')
    }
    await clock.sleep(pollMs, signal)
  }
}

/** One pending transaction as an update; undefined when it is gone, mined, or cannot be executed. */
async function traced(
  hash: Hash,
  { rpc, capabilities, logger }: PendingOptions,
): Promise<ChainUpdate | undefined> {
  try {
    const [transaction, head] = await Promise.all([
      getRawTransaction(rpc, hash),
      rpc.request('eth_getBlockByNumber', ['latest', false]),
    ])
    if (transaction === null) return undefined
    if (transaction['blockHash'] !== null && transaction['blockHash'] !== undefined) return undefined
    return {
      kind: 'pending',
      bundle: await bundleOn(object(head, 'block'), transaction, { rpc, capabilities }),
    }
  } catch (thrown) {
    logger.debug({ hash, reason: messageOf(thrown) }, 'a pending transaction could not be traced')
    return undefined
  }
}

/**
 * A transaction traced on the latest state as if it came next, in the form of its own pending block. Needs
 * `debug_traceCall`. Throws the node's refusal, `chain.MalformedField`.
 */
export async function bundleOnLatest(
  transaction: Raw,
  { rpc, capabilities }: Pick<PendingOptions, 'rpc' | 'capabilities'>,
): Promise<BlockBundle> {
  const head = object(await rpc.request('eth_getBlockByNumber', ['latest', false]), 'block')
  const { blockHash, blockNumber, transactionIndex, ...unmined } = transaction as Record<string, unknown>
  return bundleOn(head, unmined, { rpc, capabilities })
}

async function bundleOn(
  head: Raw,
  transaction: Raw,
  { rpc, capabilities }: Pick<PendingOptions, 'rpc' | 'capabilities'>,
): Promise<BlockBundle> {
  return parseBundle(
    dress(transaction, head, { capabilities, result: await tracedOn(head, transaction, rpc) }),
  )
}

/**
 * The trace in the next block, at the offered price: an attack may check for both and do nothing while it is pending.
 * If a node refuses that (the sender cannot pay yet, no overrides), the plain call on its latest block is requested.
 */
async function tracedOn(head: Raw, transaction: Raw, rpc: Rpc): Promise<unknown> {
  const { from, to, gas, value, input, type, gasPrice, maxFeePerGas, maxPriorityFeePerGas, accessList } =
    transaction as Record<string, unknown>
  const call = { from, ...(to ? { to } : {}), gas, value, data: input }
  const isLegacy = maxFeePerGas === undefined || maxFeePerGas === null
  const price = isLegacy ? { gasPrice } : { maxFeePerGas, maxPriorityFeePerGas }
  const list = type === '0x0' || !Array.isArray(accessList) ? {} : { accessList }
  const next = { number: hex(Number(head['number']) + 1), time: hex(Number(head['timestamp']) + 1) }
  const asked = [{ ...call, ...price, ...list }, 'latest', { ...CALL_TRACER, blockOverrides: next }]
  return rpc.request('debug_traceCall', asked).catch((thrown) => {
    unlessDown(thrown)
    return rpc.request('debug_traceCall', [call, 'latest', CALL_TRACER])
  })
}

const hex = (value: number): string => `0x${value.toString(16)}`

function dress(
  transaction: Raw,
  head: Raw,
  at: { capabilities: Capabilities; result: unknown },
): Record<string, unknown> {
  const block = {
    number: hex(Number(head['number']) + 1),
    hash: null,
    parentHash: head['hash'],
    timestamp: head['timestamp'],
    transactions: [transaction],
  }
  const traces = [{ txHash: transaction['hash'], result: at.result }]
  // A trace with logs that shows none has none: without this, calls would count although the logs deny them.
  const receipts = at.capabilities.traceLogs ? [{ transactionHash: transaction['hash'], logs: [] }] : null
  return { chainId: at.capabilities.chainId, block, receipts, traces, pending: true }
}

function unavailable({ clientVersion, missing }: Capabilities): SourceNotice {
  const reason = missing['debug_traceCall'] ?? 'not offered'
  return {
    code: 'pending-unavailable',
    message: `Pending transactions are not watched: the node has no debug_traceCall (${reason}). Use a node with the debug namespace, or leave mempool off.`,
    facts: { node: clientVersion, reason },
  }
}
