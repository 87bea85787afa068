import { type Address, type Hex, hexSchema } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'
import { type TransactionRequest, wire } from './transaction-request.ts'

/** Code that an account has for this one call. */
export type CodeOverrides = Record<Address, { code: Hex }>

/** The data that a call returns on the state after a block. Throws `chain.RpcRefused` where it reverts, `chain.MalformedField`. */
export async function callContract(
  asker: Asker,
  request: TransactionRequest,
  { block, overrides }: { block: BlockTag; overrides?: CodeOverrides },
): Promise<Hex> {
  const params = [wire(request), tagOf(block), ...(overrides === undefined ? [] : [overrides])]
  return parsed(hexSchema, 'eth_call', await asker.request('eth_call', params))
}
