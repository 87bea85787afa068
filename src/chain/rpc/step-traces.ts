import { getContractAddress } from 'viem'
import type { Address, Hash } from '../../model/hex.ts'
import { traceTransaction } from '../methods/trace-transaction.ts'
import { addressOrNull, hexOrEmpty, integerOrNull, quantityOrNull, type Raw } from '../trace/fields.ts'
import { framesFromStructLog, type StructRoot } from '../trace/struct-log.ts'
import { toCallTracer } from '../trace/to-call-tracer.ts'
import type { Endpoint } from './endpoint.ts'

/** One transaction's calls, from its steps. Throws the node's errors, `chain.BrokenTrace`, `chain.MalformedField`. */
export async function stepTrace(
  id: Hash,
  {
    transaction,
    receipt,
    request,
  }: { transaction: Raw; receipt: Raw | undefined; request: Endpoint['request'] },
): Promise<object> {
  const tracer = { enableMemory: true, enableReturnData: true, disableStorage: true } as const
  const answer = await traceTransaction({ request }, { hash: id, tracer })
  return toCallTracer(framesFromStructLog(answer, rootOf(transaction, receipt), 'structLogs'))
}

function rootOf(transaction: Raw, receipt: Raw | undefined): StructRoot {
  return {
    from: addressOrNull(transaction['from'], 'transaction.from'),
    to: addressOrNull(transaction['to'], 'transaction.to'),
    input: hexOrEmpty(transaction['input'], 'transaction.input'),
    value: quantityOrNull(transaction['value'], 'transaction.value') ?? 0n,
    gas: integerOrNull(transaction['gas'], 'transaction.gas') ?? -1,
    contractAddress:
      addressOrNull(receipt?.['contractAddress'], 'receipt.contractAddress') ?? createdBy(transaction),
  }
}

function createdBy(transaction: Raw): Address | null {
  const from = addressOrNull(transaction['from'], 'transaction.from')
  const nonce = integerOrNull(transaction['nonce'], 'transaction.nonce')
  if (from === null || nonce === null || addressOrNull(transaction['to'], 'transaction.to') !== null)
    return null
  return getContractAddress({ from, nonce: BigInt(nonce) }).toLowerCase() as Address
}
