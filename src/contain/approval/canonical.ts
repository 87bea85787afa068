import type { Address, Hash, Hex } from '../../model/hex.ts'
import { signerOf } from '../signers/signer.ts'

/** Half the order of secp256k1. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/**
 * True for the one with the low `s` of the two signatures that anyone can derive from one (EIP-2): 64 bytes (EIP-2098,
 * whose form implies a low `s`) or 65.
 */
export function isCanonical(signature: Hex): boolean {
  if (/^0x[0-9a-f]{128}$/i.test(signature)) return true
  if (!/^0x[0-9a-f]{130}$/i.test(signature)) return false
  return BigInt(`0x${signature.slice(66, 130)}`) <= HALF_ORDER
}

/** Whether a hash was signed by an account with a key. */
export async function isSignedBy(address: Address, hash: Hash, signature: Hex): Promise<boolean> {
  return isCanonical(signature) && (await signerOf(hash, signature)) === address
}
