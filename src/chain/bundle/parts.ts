import { CordonError } from '../../kit/error.ts'
import type { Coverage, Frame, Gap } from '../../model/block.ts'
import type { Hash } from '../../model/hex.ts'
import { framesFromCallTracer } from '../trace/call-tracer.ts'
import { array, hashIn, isAbsent, type Raw } from '../trace/fields.ts'
import { framesFromParity, isReward } from '../trace/parity.ts'

/** The frames of one transaction, or the reason why there are none: a broken one does not affect the others. */
type Trace = (isCreation: boolean) => readonly Frame[] | string

/** Receipts and traces of a bundle line by transaction, and the missing parts. */
export type Parts = {
  kind: Coverage['traces']
  traces: ReadonlyMap<Hash, Trace>
  /** Null where the line has none at all. */
  receipts: ReadonlyMap<Hash, Raw> | null
  /** True where only a part of the block was recorded, so that the missing parts are not known. */
  isExtract: boolean
  gaps: Gap[]
}

type Transactions = readonly { hash: Hash }[]

/** Throws `chain.MalformedField` where a part is not a list, `chain.ContradictoryBlock`. */
export function readParts(line: Raw, transactions: Transactions): Parts {
  const { kind, traces } = readTraces(line, transactions)
  const receipts = readReceipts(line)
  refuseStrangers(transactions, 'receipts', receipts ?? new Map())
  refuseStrangers(transactions, 'traces', traces)
  const isExtract = line['partial'] !== undefined && line['partial'] !== false
  return { kind, traces, receipts, isExtract, gaps: [] }
}

function readReceipts(line: Raw): Parts['receipts'] {
  const list = line['receipts']
  if (list === undefined || list === null) return null
  const byHash = new Map<Hash, Raw>()
  for (const item of array(list, 'receipts')) {
    const id = isObject(item) ? hashIn(item['transactionHash']) : undefined
    if (id !== undefined) byHash.set(id, item as Raw)
  }
  return byHash
}

function readTraces(line: Raw, transactions: Transactions): Pick<Parts, 'kind' | 'traces'> {
  const list = line['traces']
  if (list === undefined || list === null) return { kind: 'none', traces: new Map() }
  const items = array(list, 'traces')
  return line['traceFormat'] === 'parity' || items.some(isParity)
    ? { kind: 'parity', traces: parityTraces(items, transactions) }
    : { kind: 'callTracer', traces: callTracerTraces(items, transactions) }
}

function isParity(item: unknown): boolean {
  return isObject(item) && 'action' in item && 'traceAddress' in item
}

/** Traces without hashes are in the order of the transactions, if their numbers match. */
function callTracerTraces(items: readonly unknown[], transactions: Transactions): Parts['traces'] {
  const byHash = new Map<Hash, Trace>()
  items.forEach((item, index) => {
    if (!isObject(item)) return
    const inOrder = items.length === transactions.length ? transactions[index]?.hash : undefined
    const id = hashIn(item['txHash'] ?? item['transactionHash']) ?? inOrder
    if (id === undefined) return
    const path = `traces[${index}].result`
    byHash.set(id, (isCreation) => {
      const { result, error } = item
      if (isAbsent(result)) return isAbsent(error) ? 'The node gave no trace of it.' : refusal(error)
      return readable('trace', () => framesFromCallTracer(result, path, isCreation))
    })
  })
  return byHash
}

function parityTraces(items: readonly unknown[], transactions: Transactions): Parts['traces'] {
  const groups = new Map<Hash, unknown[]>()
  for (const item of items) {
    if (!isObject(item) || isReward(item)) continue
    const { transactionHash, transactionPosition } = item
    const byPosition = typeof transactionPosition === 'number' ? transactions[transactionPosition] : undefined
    const id = hashIn(transactionHash) ?? byPosition?.hash
    if (id === undefined) continue
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [item])
    else group.push(item)
  }
  return new Map(
    [...groups].map(([id, group]) => {
      const read = (): readonly Frame[] => framesFromParity(group, `traces of ${id}`)
      return [id, () => readable('trace', read)]
    }),
  )
}

/** The content of a part, or why it cannot be read. Rethrows errors that are not the node's fault. */
export function readable<T>(part: string, read: () => T): T | string {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof RangeError) return `Its ${part} is nested too deeply.`
    if (!(thrown instanceof CordonError)) throw thrown
    return `Its ${part} cannot be read: ${thrown.summary}`
  }
}

function refusal(error: unknown): string {
  const said = isObject(error) ? error['message'] : error
  return `The node could not trace it: ${String(said).slice(0, 200)}`
}

function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A receipt or trace for a transaction that is not in the block means that two answers are about two blocks. */
function refuseStrangers(transactions: Transactions, part: string, byHash: ReadonlyMap<Hash, unknown>): void {
  const own = new Set(transactions.map(({ hash }) => hash))
  for (const id of byHash.keys()) {
    if (own.has(id)) continue
    throw new CordonError({
      code: 'chain.ContradictoryBlock',
      message: `The ${part} do not belong to the block: they name a transaction that is not in it.`,
      facts: { part, transaction: id, transactionsInBlock: own.size },
      fix: 'The node answered about two different blocks (a reorg between calls, or a stale cache): ask again.',
      retryable: true,
    })
  }
}
