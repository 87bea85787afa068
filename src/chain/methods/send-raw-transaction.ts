import type { Hex } from '../../model/hex.ts'
import type { Asker } from './asker.ts'

/** Gives a signed transaction to the node. Throws the refusal of the node; after any other failure it may have arrived. */
export async function sendRawTransaction(asker: Asker, rawTransaction: Hex): Promise<void> {
  await asker.request('eth_sendRawTransaction', [rawTransaction])
}
