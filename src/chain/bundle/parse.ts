import { CordonError } from '../../kit/error.ts'
import type { BlockBundle, Coverage, Frame, Gap, Log, Transaction } from '../../model/block.ts'
import type { Hash } from '../../model/hex.ts'
import { framesFromCallTracer } from '../trace/call-tracer.ts'
import type { Raw } from '../trace/fields.ts'
import {
  address,
  addressOrNull,
  array,
  hash,
  hashOrNull,
  hexOrEmpty,
  integer,
  integerOrNull,
  object,
  quantityOrNull,
  textOrNull,
} from '../trace/fields.ts'
import { framesFromParity } from '../trace/parity.ts'

/**
 * One line of a bundle file, or the same object built from JSON-RPC answers, as a BlockBundle.
 * Throws `chain.MalformedField`, `chain.BrokenTrace`, `chain.ContradictoryBlock`.
 */
export function parseBundle(raw: unknown): BlockBundle {
  const line = object(raw, 'bundle')
  const block = object(line['block'], 'block')
  const traces = tracesByTransaction(line)
  const receipts = receiptsByTransaction(line)
  const transactions = array(block['transactions'], 'block.transactions').map((item, index) =>
    transactionOf(object(item, `block.transactions[${index}]`), index, { receipts, traces: traces.byHash }),
  )
  refuseStrangers(transactions, receipts, traces.byHash)
  const partial = line['partial'] !== undefined && line['partial'] !== false
  return {
    chainId: integer(line['chainId'], 'chainId'),
    number: integer(block['number'], 'block.number'),
    hash: hashOrNull(block['hash'], 'block.hash'),
    parentHash: hashOrNull(block['parentHash'], 'block.parentHash'),
    timestamp: integerOrNull(block['timestamp'], 'block.timestamp'),
    baseFeePerGas: quantityOrNull(block['baseFeePerGas'], 'block.baseFeePerGas'),
    miner: addressOrNull(block['miner'], 'block.miner'),
    transactions,
    pending: line['pending'] === true,
    coverage: { traces: traces.kind, logs: logCoverage(transactions), partial },
    gaps: gapsOf(line),
  }
}

/** Parts that were asked for and could not be had, as whoever recorded the block wrote them down. */
function gapsOf(line: Raw): Gap[] {
  return array(line['gaps'] ?? [], 'gaps').map((item) => {
    const raw = object(item, 'gaps')
    const missing = raw['missing'] === 'receipt' ? 'receipt' : 'traces'
    return {
      transactionHash: hash(raw['transactionHash'], 'gaps.transactionHash'),
      missing,
      reason: textOrNull(raw['reason']) ?? 'no reason was recorded',
    }
  })
}

type Receipts = ReadonlyMap<Hash, Raw>
type Traces = ReadonlyMap<Hash, readonly Frame[]>

function transactionOf(raw: Raw, index: number, found: { receipts: Receipts; traces: Traces }): Transaction {
  const path = `block.transactions[${index}]`
  const id = hash(raw['hash'], `${path}.hash`)
  const receipt = found.receipts.get(id)
  const frames = found.traces.get(id) ?? []
  const status =
    receipt?.['status'] === undefined ? null : integerOrNull(receipt['status'], `receipts[${index}].status`)
  return {
    hash: id,
    index,
    from: addressOrNull(raw['from'], `${path}.from`),
    to: addressOrNull(raw['to'], `${path}.to`),
    input: hexOrEmpty(raw['input'], `${path}.input`),
    value: quantityOrNull(raw['value'], `${path}.value`) ?? 0n,
    nonce: integerOrNull(raw['nonce'], `${path}.nonce`),
    gasPrice: quantityOrNull(raw['gasPrice'] ?? raw['maxFeePerGas'], `${path}.gasPrice`),
    maxPriorityFeePerGas: quantityOrNull(raw['maxPriorityFeePerGas'], `${path}.maxPriorityFeePerGas`),
    succeeded: status === null ? (frames[0] === undefined ? null : !frames[0].reverted) : status === 1,
    contractAddress: addressOrNull(receipt?.['contractAddress'], `receipts[${index}].contractAddress`),
    logs: receiptLogs(receipt, `receipts[${index}].logs`),
    frames,
  }
}

function receiptLogs(receipt: Raw | undefined, path: string): readonly Log[] | null {
  const logs = receipt?.['logs']
  if (logs === undefined || logs === null) return null
  return array(logs, path).map((item) => {
    const raw = object(item, path)
    const topics = array(raw['topics'], `${path}.topics`).map((topic) => hash(topic, `${path}.topics`))
    return {
      address: address(raw['address'], `${path}.address`),
      topics,
      data: hexOrEmpty(raw['data'], `${path}.data`),
    }
  })
}

function receiptsByTransaction(line: Raw): Receipts {
  const found = new Map<Hash, Raw>()
  if (line['receipts'] === undefined || line['receipts'] === null) return found
  for (const item of array(line['receipts'], 'receipts')) {
    const raw = object(item, 'receipts')
    found.set(hash(raw['transactionHash'], 'receipts.transactionHash'), raw)
  }
  return found
}

function tracesByTransaction(line: Raw): { kind: Coverage['traces']; byHash: Traces } {
  const traces = line['traces']
  if (traces === undefined || traces === null) return { kind: 'none', byHash: new Map() }
  const list = array(traces, 'traces')
  return line['traceFormat'] === 'parity'
    ? { kind: 'parity', byHash: parityByTransaction(list) }
    : { kind: 'callTracer', byHash: callTracerByTransaction(list) }
}

function callTracerByTransaction(list: readonly unknown[]): Traces {
  const found = new Map<Hash, readonly Frame[]>()
  list.forEach((item, index) => {
    const path = `traces[${index}]`
    const raw = object(item, path)
    found.set(hash(raw['txHash'], `${path}.txHash`), framesFromCallTracer(raw['result'], `${path}.result`))
  })
  return found
}

function parityByTransaction(list: readonly unknown[]): Traces {
  const groups = new Map<Hash, unknown[]>()
  for (const item of list) {
    const raw = object(item, 'traces')
    if (raw['transactionHash'] === undefined || raw['transactionHash'] === null) continue
    const id = hash(raw['transactionHash'], 'traces.transactionHash')
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [item])
    else group.push(item)
  }
  const found = new Map<Hash, readonly Frame[]>()
  for (const [id, group] of groups) found.set(id, framesFromParity(group, `traces of ${id}`))
  return found
}

function logCoverage(transactions: readonly Transaction[]): Coverage['logs'] {
  if (transactions.some((tx) => tx.frames.some((frame) => frame.logs.length > 0))) return 'frames'
  const known = transactions.filter((tx) => tx.logs !== null)
  if (known.length === 0) return transactions.length === 0 ? 'receipts' : 'none'
  return 'receipts'
}

/** A receipt or trace for a transaction that the block does not have means two answers about two blocks. */
function refuseStrangers(transactions: readonly Transaction[], receipts: Receipts, traces: Traces): void {
  const own = new Set(transactions.map((tx) => tx.hash))
  for (const [part, found] of [
    ['receipts', receipts],
    ['traces', traces],
  ] as const) {
    for (const id of found.keys()) {
      if (own.has(id)) continue
      throw new CordonError({
        code: 'chain.ContradictoryBlock',
        message: `The ${part} do not belong to the block: they name a transaction that it does not have.`,
        facts: { part, transaction: id, transactionsInBlock: own.size },
        fix: 'The node answered about two different blocks (a reorg between calls, or a lying cache): ask again.',
        retryable: true,
      })
    }
  }
}
