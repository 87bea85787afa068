import type { Address } from '../../model/hex.ts'
import type { Asker } from '../methods/asker.ts'
import type { BlockTag } from '../methods/block-tag.ts'
import { callContract } from '../methods/call.ts'

/** `balanceOf(address)` of EIP-20. */
const BALANCE_OF = '0x70a08231'

/** Base units of a token that an account has after a block; null where the contract answers nothing. Throws what the node throws. */
export async function tokenBalance(
  asker: Asker,
  { token, account, block }: { token: Address; account: Address; block: BlockTag },
): Promise<bigint | null> {
  const data = `${BALANCE_OF}${account.slice(2).padStart(64, '0')}` as const
  const answer = await callContract(asker, { to: token, data }, { block })
  return answer === '0x' ? null : BigInt(answer)
}
