import type { BlockBundle, Coverage, Frame, Gap, Log, Transaction } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import type { Raw } from '../trace/fields.ts'
import {
  address,
  addressOrNull,
  array,
  hash,
  hashOrNull,
  hexNumber,
  hexOrEmpty,
  integer,
  integerOrNull,
  object,
  quantityOrNull,
  textOrNull,
} from '../trace/fields.ts'
import { type Parts, readable, readParts } from './parts.ts'

/**
 * One line of a bundle file, or the same object built from JSON-RPC answers, as a BlockBundle. A trace or receipt that
 * is missing or broken affects only its own transaction and is listed in `gaps`. A block without a number is pending:
 * it counts as the one after `previous`. Throws `chain.MalformedField`, `chain.ContradictoryBlock`.
 */
export function parseBundle(raw: unknown, previous?: number): BlockBundle {
  const line = object(raw, 'bundle')
  const block = object(line['block'], 'block')
  const number = integerOrNull(block['number'], 'block.number')
  const heads = array(block['transactions'], 'block.transactions').map((item, index) =>
    headOf(object(item, `block.transactions[${index}]`), index),
  )
  const parts = readParts(
    line,
    heads.map(({ head }) => head),
  )
  const transactions = heads.map(({ head, unreadable }) => {
    if (unreadable !== undefined) parts.gaps.push(unreadable)
    return transactionOf(head, parts)
  })
  const { kind, gaps, isExtract } = parts
  return {
    chainId: integer(line['chainId'], 'chainId'),
    number: number ?? (previous === undefined ? 0 : previous + 1),
    hash: hashOrNull(block['hash'], 'block.hash'),
    parentHash: hashOrNull(block['parentHash'], 'block.parentHash'),
    timestamp: orNull(() => integerOrNull(block['timestamp'], 'block.timestamp')),
    baseFeePerGas: orNull(() => quantityOrNull(block['baseFeePerGas'], 'block.baseFeePerGas')),
    miner: orNull(() => addressOrNull(block['miner'], 'block.miner')),
    transactions,
    pending: line['pending'] === true || number === null,
    coverage: { traces: kind, logs: logCoverage(transactions), partial: isExtract },
    gaps: withReasons(gaps, gapsOf(line)),
  }
}

/** Parts that were requested but not available, as the fetcher of the block recorded them. */
function gapsOf(line: Raw): Gap[] {
  return array(line['gaps'] ?? [], 'gaps').map((item) => {
    const raw = object(item, 'gaps')
    return {
      transactionHash: hash(raw['transactionHash'], 'gaps.transactionHash'),
      missing: raw['missing'] === 'receipt' ? 'receipt' : 'traces',
      reason: textOrNull(raw['reason']) ?? 'No reason was recorded.',
      isOwnFault: raw['isOwnFault'] === true,
    }
  })
}

/** Each gap once; the reason of the fetcher is more informative than the mere absence. */
function withReasons(seen: readonly Gap[], noted: readonly Gap[]): Gap[] {
  const key = ({ transactionHash, missing }: Gap): string => `${transactionHash}:${missing}`
  return [...new Map([...seen, ...noted].map((gap) => [key(gap), gap])).values()]
}

/** The fields of a transaction's own object. */
type Head = Omit<Transaction, 'succeeded' | 'contractAddress' | 'logs' | 'frames'>

/**
 * The fields of a transaction object. A field that cannot be read is left out, and where it matters for the
 * transaction's effect, that is a gap: one odd field must not prevent the block from being processed.
 */
function headOf(raw: Raw, index: number): { head: Head; unreadable: Gap | undefined } {
  const path = `block.transactions[${index}]`
  const id = hash(raw['hash'], `${path}.hash`)
  let reason: string | undefined
  const essential = <T>(read: () => T, otherwise: T): T => {
    const value = readable('own object', () => ({ value: read() }))
    if (typeof value !== 'string') return value.value
    reason ??= value
    return otherwise
  }
  const mint = essential(() => mintOf(raw, path), 0n)
  const head: Head = {
    hash: id,
    index,
    from: essential(() => addressOrNull(raw['from'], `${path}.from`), null),
    to: essential(() => addressOrNull(raw['to'], `${path}.to`), null),
    input: essential(() => hexOrEmpty(raw['input'], `${path}.input`), '0x'),
    value: essential(() => quantityOrNull(raw['value'], `${path}.value`), null) ?? 0n,
    ...(mint === 0n ? {} : { mint }),
    nonce: orNull(() => integerOrNull(raw['nonce'], `${path}.nonce`)),
    gasPrice: orNull(() => quantityOrNull(raw['gasPrice'] ?? raw['maxFeePerGas'], `${path}.gasPrice`)),
    maxPriorityFeePerGas: orNull(() =>
      quantityOrNull(raw['maxPriorityFeePerGas'], `${path}.maxPriorityFeePerGas`),
    ),
  }
  const unreadable =
    reason === undefined
      ? undefined
      : ({ transactionHash: id, missing: 'traces', reason, isOwnFault: true } as const)
  return { head, unreadable }
}

/** An optional field: null where it cannot be read. */
function orNull<T>(read: () => T | null): T | null {
  const value = readable('field', () => ({ value: read() }))
  return typeof value === 'string' ? null : value.value
}

/** ArbitrumDepositTx: its whole value is issued (Nitro, `arbos/tx_processor.go`). */
const ARBITRUM_DEPOSIT = 0x64

/**
 * Coin that the chain issues to the sender before the transaction runs: `mint` of a deposit (OP stack, type 0x7e, and
 * its derivatives), `depositValue` of a retryable ticket and the value of a deposit (Arbitrum, 0x69 and 0x64), `toMint`
 * of a priority operation (ZKsync, 0xff).
 */
function mintOf(raw: Raw, path: string): bigint {
  for (const field of ['mint', 'toMint', 'depositValue']) {
    const issued = quantityOrNull(raw[field], `${path}.${field}`)
    if (issued !== null) return issued
  }
  const isDeposit = hexNumber(raw['type']) === ARBITRUM_DEPOSIT
  return isDeposit ? (quantityOrNull(raw['value'], `${path}.value`) ?? 0n) : 0n
}

function transactionOf(head: Head, parts: Parts): Transaction {
  const frames = framesOf(head, parts)
  const receipt = receiptOf(head, parts)
  const status = receipt?.status ?? null
  return {
    ...head,
    succeeded: status === null ? (frames[0] === undefined ? null : !frames[0].reverted) : status === 1,
    contractAddress: receipt?.contractAddress ?? null,
    logs: receipt?.logs ?? null,
    frames,
  }
}

function framesOf({ hash, to }: Head, parts: Parts): readonly Frame[] {
  if (parts.kind === 'none') return []
  const trace = parts.traces.get(hash)
  const read = trace === undefined ? 'The block’s traces do not hold it.' : trace(to === null)
  if (typeof read !== 'string') return read
  if (trace !== undefined || !parts.isExtract)
    parts.gaps.push({
      transactionHash: hash,
      missing: 'traces',
      reason: read,
      isOwnFault: trace !== undefined,
    })
  return []
}

type Receipt = { status: number | null; contractAddress: Address | null; logs: readonly Log[] | null }

function receiptOf({ hash }: Head, parts: Parts): Receipt | undefined {
  const { receipts } = parts
  if (receipts === null) return undefined
  const raw = receipts.get(hash)
  const read =
    raw === undefined ? 'The block’s receipts do not hold it.' : readable('receipt', () => partsOf(raw))
  if (typeof read !== 'string') return read
  if (raw !== undefined || !parts.isExtract)
    parts.gaps.push({
      transactionHash: hash,
      missing: 'receipt',
      reason: read,
      isOwnFault: raw !== undefined,
    })
  return undefined
}

function partsOf(raw: Raw): Receipt {
  return {
    status: integerOrNull(raw['status'], 'receipts.status'),
    contractAddress: addressOrNull(raw['contractAddress'], 'receipts.contractAddress'),
    logs: receiptLogs(raw, 'receipts.logs'),
  }
}

function receiptLogs(receipt: Raw, path: string): readonly Log[] | null {
  const logs = receipt['logs']
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

function logCoverage(transactions: readonly Transaction[]): Coverage['logs'] {
  if (transactions.some((tx) => tx.frames.some((frame) => frame.logs.length > 0))) return 'frames'
  const known = transactions.filter((tx) => tx.logs !== null)
  if (known.length === 0) return transactions.length === 0 ? 'receipts' : 'none'
  return 'receipts'
}
