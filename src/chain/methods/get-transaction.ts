import { z } from 'zod'
import { addressSchema, type Hash, hashSchema, hexSchema } from '../../model/hex.ts'
import { object, type Raw } from '../trace/fields.ts'
import { absent, amount, integer, parsed } from './answer.ts'
import type { Asker } from './asker.ts'

const METHOD = 'eth_getTransactionByHash'

export const transactionSchema = z.object({
  hash: hashSchema,
  from: addressSchema,
  /** Null creates a contract. */
  to: absent(addressSchema),
  input: hexSchema,
  /** wei */
  value: amount,
  /** Gas units. */
  gas: amount,
  /** wei per gas unit, as are the two after it */
  gasPrice: absent(amount),
  maxFeePerGas: absent(amount),
  maxPriorityFeePerGas: absent(amount),
  accessList: absent(z.array(z.object({ address: addressSchema, storageKeys: z.array(hashSchema) }))),
  /** Null while it waits, as are the two after it. */
  blockHash: absent(hashSchema),
  blockNumber: absent(integer),
  transactionIndex: absent(integer),
})

/** A transaction, mined or waiting. */
export type RpcTransaction = z.infer<typeof transactionSchema>

/** A transaction by its hash, null where the node does not know it. Throws `chain.MalformedField`. */
export async function getTransaction(asker: Asker, hash: Hash): Promise<RpcTransaction | null> {
  return parsed(transactionSchema.nullish(), METHOD, await asker.request(METHOD, [hash])) ?? null
}

/** As {@link getTransaction}, in the words of the node: for the parser of blocks. */
export async function getRawTransaction(asker: Asker, hash: Hash): Promise<Raw | null> {
  const answer = await asker.request(METHOD, [hash])
  return answer === null || answer === undefined ? null : object(answer, 'transaction')
}
