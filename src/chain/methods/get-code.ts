import { type Address, type Hex, hexSchema } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'

const answerSchema = hexSchema.nullish().transform((code): Hex => code ?? '0x')

/** The code of an account after a block, `0x` where it has none. Throws `chain.MalformedField`. */
export async function getCode(asker: Asker, address: Address, block: BlockTag): Promise<Hex> {
  return parsed(answerSchema, 'eth_getCode', await asker.request('eth_getCode', [address, tagOf(block)]))
}
