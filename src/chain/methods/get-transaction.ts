import { z } from 'zod'
import { addressSchema, type Hash, hashSchema, hexSchema } from '../../model/hex.ts'
import { object, type Raw } from '../trace/fields.ts'
import { amount, integer, optional, parsed } from './answer.ts'
import type { Asker } from './asker.ts'

const METHOD = 'eth_getTransactionByHash'

export const transactionSchema = z.object({
  hash: optional(hashSchema),
  from: optional(addressSchema),
  /** Null creates a contract. */
  to: optional(addressSchema),
  input: optional(hexSchema),
  /** wei */
  value: optional(amount),
  /** Gas units. */
  gas: optional(amount),
  nonce: optional(integer),
  /** The block of a mined one. */
  blockHash: optional(hashSchema),
  blockNumber: optional(integer),
  transactionIndex: optional(integer),
})

/** A transaction, mined or waiting. A field that the node does not give is null. */
export type RpcTransaction = z.infer<typeof transactionSchema>

/** A transaction by its hash, null where the node does not know it. Throws `chain.MalformedField` for an answer that is none. */
export async function getTransaction(asker: Asker, hash: Hash): Promise<RpcTransaction | null> {
  return parsed(transactionSchema.nullish(), METHOD, await asker.request(METHOD, [hash])) ?? null
}

/** As {@link getTransaction}, in the words of the node: for the parser of blocks. */
export async function getRawTransaction(asker: Asker, hash: Hash): Promise<Raw | null> {
  const answer = await asker.request(METHOD, [hash])
  return answer === null || answer === undefined ? null : object(answer, 'transaction')
}
