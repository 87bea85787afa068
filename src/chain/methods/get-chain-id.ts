import { integer, parsed } from './answer.ts'
import type { Asker } from './asker.ts'

/** The id that signatures for this chain carry (EIP-155). Throws `chain.MalformedField`. */
export async function getChainId(asker: Asker): Promise<number> {
  return parsed(integer, 'eth_chainId', await asker.request('eth_chainId', []))
}
