import { privateKeyToAccount } from 'viem/accounts'
import { CordonError } from '../kit/error.ts'
import type { Address, Hex } from '../model/hex.ts'

/** What a signer is asked to sign. Fees in wei per gas unit. */
export type UnsignedTransaction = {
  chainId: number
  nonce: number
  to: Address
  data: Hex
  value: bigint
  gas: bigint
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
}

/** The only thing in Cordon that touches a key. It never gives the key out. */
export type Signer = {
  address: Address
  signTransaction(transaction: UnsignedTransaction): Promise<Hex>
}

/** A signer over a private key in memory (drills, tests, and small teams). Throws `contain.BadKey`. */
export function keySigner(privateKey: string): Signer {
  if (!/^0x[0-9a-fA-F]{64}$/.test(privateKey)) throw badKey()
  const account = privateKeyToAccount(privateKey as Hex)
  return {
    address: account.address.toLowerCase() as Address,
    signTransaction: (transaction) => account.signTransaction({ type: 'eip1559', ...transaction }),
  }
}

function badKey(): CordonError {
  return new CordonError({
    code: 'contain.BadKey',
    message: 'A signer’s private key is not 32 bytes of hex with 0x.',
    fix: 'Put the key into the environment variable that signers[].env names, as 0x and 64 hex digits.',
  })
}
