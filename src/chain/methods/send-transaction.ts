import { type Hash, hashSchema } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type TransactionRequest, wire } from './transaction-request.ts'

/** Sends from an account whose key the node has, or that a sandbox impersonates; gives the hash. Throws `chain.MalformedField`. */
export async function sendTransaction(asker: Asker, request: TransactionRequest): Promise<Hash> {
  const method = 'eth_sendTransaction'
  return parsed(hashSchema, method, await asker.request(method, [wire(request)]))
}
