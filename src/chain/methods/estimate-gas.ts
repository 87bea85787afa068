import { amount, parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type TransactionRequest, wire } from './transaction-request.ts'

/** Gas units that a transaction needs now. Throws `chain.RpcRefused` where it reverts, `chain.MalformedField`. */
export async function estimateGas(asker: Asker, request: TransactionRequest): Promise<bigint> {
  return parsed(amount, 'eth_estimateGas', await asker.request('eth_estimateGas', [wire(request)]))
}
