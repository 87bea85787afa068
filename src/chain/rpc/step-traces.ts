import type { Hash } from '../../model/hex.ts'
import {
  addressOrNull,
  array,
  hash,
  hexOrEmpty,
  integerOrNull,
  object,
  quantityOrNull,
  type Raw,
} from '../trace/fields.ts'
import { framesFromStructLog, type StructRoot } from '../trace/struct-log.ts'
import { toCallTracer } from '../trace/to-call-tracer.ts'
import type { RawBundle } from './fetch-bundle.ts'
import type { Rpc } from './rpc.ts'

/**
 * A block without traces, with those of the wanted transactions made from struct logs (`debug_traceTransaction` without a tracer),
 * which development nodes and old ones have where they have nothing else. The rest of the block stays without.
 * The same bundle where none of the transactions is in it. Throws what the node throws, and `chain.BrokenTrace`.
 */
export async function withStepTraces(raw: RawBundle, wanted: readonly Hash[], rpc: Rpc): Promise<RawBundle> {
  const block = object(raw['block'], 'block')
  const receipts = new Map(
    array(raw['receipts'] ?? [], 'receipts').map((item) => {
      const receipt = object(item, 'receipts')
      return [hash(receipt['transactionHash'], 'receipts.transactionHash'), receipt] as const
    }),
  )
  const traces: Raw[] = []
  for (const item of array(block['transactions'], 'block.transactions')) {
    const transaction = object(item, 'block.transactions')
    const id = hash(transaction['hash'], 'block.transactions.hash')
    if (!wanted.includes(id)) continue
    const options = { enableMemory: true, enableReturnData: true, disableStorage: true }
    const answer = await rpc.request('debug_traceTransaction', [id, options])
    const frames = framesFromStructLog(answer, rootOf(transaction, receipts.get(id)), 'structLogs')
    traces.push({ txHash: id, result: toCallTracer(frames) })
  }
  return traces.length === 0 ? raw : { ...raw, traces }
}

function rootOf(transaction: Raw, receipt: Raw | undefined): StructRoot {
  return {
    from: addressOrNull(transaction['from'], 'transaction.from'),
    to: addressOrNull(transaction['to'], 'transaction.to'),
    input: hexOrEmpty(transaction['input'], 'transaction.input'),
    value: quantityOrNull(transaction['value'], 'transaction.value') ?? 0n,
    gas: integerOrNull(transaction['gas'], 'transaction.gas') ?? -1,
    contractAddress: addressOrNull(receipt?.['contractAddress'], 'receipt.contractAddress'),
  }
}
