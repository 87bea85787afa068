import { z } from 'zod'
import { type Hash, hashSchema } from '../../model/hex.ts'
import { optional, parsed } from './answer.ts'
import type { Asker } from './asker.ts'

const answerSchema = z
  .array(optional(hashSchema))
  .transform((hashes): Hash[] => hashes.filter((hash) => hash !== null))

/** Has the node collect the hashes of pending transactions; gives the id of the filter, which dies with the node's memory of it. */
export async function newPendingTransactionFilter(asker: Asker): Promise<unknown> {
  return asker.request('eth_newPendingTransactionFilter', [])
}

/** The hashes that a filter collected since it was last asked. Throws `chain.MalformedField`, the refusal of a node that lost it. */
export async function getFilterChanges(asker: Asker, filter: unknown): Promise<Hash[]> {
  return parsed(answerSchema, 'eth_getFilterChanges', await asker.request('eth_getFilterChanges', [filter]))
}
