import { z } from 'zod'
import type { Hash } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'

const logSchema = z.looseObject({ address: z.unknown().optional(), topics: z.unknown().optional(), data: z.unknown().optional() })
const answerSchema = z.array(
  z.object({ transactionHash: z.string(), status: z.unknown().optional(), logs: z.array(logSchema) }),
)

/** A receipt of a block; `status` and the fields of logs in the words of the node. */
export type BlockReceipt = z.infer<typeof answerSchema>[number]

/** The receipts of a block by its hash. Throws `chain.MalformedField`, the refusal of the node. */
export async function getBlockReceipts(asker: Asker, hash: Hash): Promise<BlockReceipt[]> {
  const method = 'eth_getBlockReceipts'
  return parsed(answerSchema, method, await asker.request(method, [hash]))
}
