import { integer, parsed } from './answer.ts'
import type { Asker } from './asker.ts'

/** The number of the latest block, as the node has it. Throws `chain.MalformedField`. */
export async function getBlockNumber(asker: Asker): Promise<number> {
  return parsed(integer, 'eth_blockNumber', await asker.request('eth_blockNumber', []))
}
