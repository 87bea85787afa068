import { type Address, type Hex, hexSchema } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'

/** The word in a storage slot after a block. Throws `chain.MalformedField`. */
export async function getStorageAt(
  asker: Asker,
  { address, slot, block }: { address: Address; slot: Hex; block: BlockTag },
): Promise<Hex> {
  const answer = await asker.request('eth_getStorageAt', [address, slot, tagOf(block)])
  return parsed(hexSchema, 'eth_getStorageAt', answer)
}
