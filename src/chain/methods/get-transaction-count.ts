import type { Address } from '../../model/hex.ts'
import { integer, parsed } from './answer.ts'
import type { Asker, RequestOptions } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'

/** How many transactions an account has sent after a block: its next nonce. Throws `chain.MalformedField`. */
export async function getTransactionCount(
  asker: Asker,
  { address, block }: { address: Address; block: BlockTag },
  options?: RequestOptions,
): Promise<number> {
  const method = 'eth_getTransactionCount'
  return parsed(integer, method, await asker.request(method, [address, tagOf(block)], options))
}
