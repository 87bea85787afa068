import { z } from 'zod'
import { type Hash, hashSchema } from '../../model/hex.ts'
import { amount, integer, optional, parsed } from './answer.ts'
import type { Asker } from './asker.ts'

const METHOD = 'eth_getTransactionReceipt'

export const receiptSchema = z
  .object({
    transactionHash: optional(hashSchema),
    /** Null before Byzantium. */
    status: optional(integer),
    blockNumber: optional(integer),
    blockHash: optional(hashSchema),
    /** Gas units. */
    gasUsed: optional(amount),
    /** In the words of the node: askers parse the logs that they look for. */
    logs: optional(z.array(z.unknown())),
  })
  .transform(({ status, ...receipt }) => ({ ...receipt, succeeded: status === 1 }))

/** How a mined transaction ended. A field that the node does not give is null. */
export type Receipt = z.infer<typeof receiptSchema>

/** The receipt of a mined transaction, else null. Throws `chain.MalformedField` for an answer that is none. */
export async function getTransactionReceipt(asker: Asker, hash: Hash): Promise<Receipt | null> {
  return parsed(receiptSchema.nullish(), METHOD, await asker.request(METHOD, [hash])) ?? null
}
