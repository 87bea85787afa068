import type { Address } from '../../model/hex.ts'
import { amount, parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'

/** The coin of an account after a block, wei. Throws `chain.MalformedField`. */
export async function getBalance(asker: Asker, address: Address, block: BlockTag): Promise<bigint> {
  return parsed(amount, 'eth_getBalance', await asker.request('eth_getBalance', [address, tagOf(block)]))
}
