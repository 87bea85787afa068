import { type Hash, type Hex, hashSchema } from '../../model/hex.ts'
import type { Asker } from './asker.ts'

const answerSchema = hashSchema.nullable().catch(null)

/**
 * Gives a signed transaction to the node, which took it where this returns: its hash, or null for an answer that is none.
 * Throws the refusal of the node; after any other failure it may have arrived.
 */
export async function sendRawTransaction(asker: Asker, rawTransaction: Hex): Promise<Hash | null> {
  return answerSchema.parse(await asker.request('eth_sendRawTransaction', [rawTransaction]))
}
