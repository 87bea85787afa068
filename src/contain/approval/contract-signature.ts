import { encodeFunctionData, parseAbi } from 'viem'
import { callContract } from '../../chain/methods/call.ts'
import { failureKindOf } from '../../chain/rpc/failure.ts'
import { type Rpc, through } from '../../chain/rpc/rpc.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'

const ABI = parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)'])
/** The answer of a contract that accepts a signature as its own. Source: EIP-1271. */
const MAGIC = '0x1626ba7e'.padEnd(66, '0')

/**
 * Whether a contract, for example a Safe, accepts a signature as its own (EIP-1271). Every endpoint that answers must
 * agree: no single endpoint can forge a person's consent.
 */
export async function isContractSignature(
  rpc: Rpc,
  { signer, hash, signature }: { signer: Address; hash: Hash; signature: Hex },
): Promise<boolean> {
  const data = encodeFunctionData({ abi: ABI, args: [hash, signature] })
  const asked = rpc.endpoints.map(async (endpoint) => {
    try {
      const call = { to: signer, data }
      return (await callContract(through(rpc, endpoint), call, { block: 'latest' })) === MAGIC
    } catch (thrown) {
      return failureKindOf(thrown) === undefined ? false : null
    }
  })
  const answers = (await Promise.all(asked)).filter((answer) => answer !== null)
  return answers.length > 0 && answers.every((answer) => answer)
}
