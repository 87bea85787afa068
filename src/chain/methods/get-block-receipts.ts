import { z } from 'zod'
import type { Hash } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type Receipt, receiptSchema } from './get-transaction-receipt.ts'

/** The receipts of a block by its hash. Throws `chain.MalformedField`, the refusal of the node. */
export async function getBlockReceipts(asker: Asker, hash: Hash): Promise<Receipt[]> {
  const method = 'eth_getBlockReceipts'
  return parsed(z.array(receiptSchema), method, await asker.request(method, [hash]))
}
