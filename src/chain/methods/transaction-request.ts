import type { Address, Hash, Hex } from '../../model/hex.ts'
import { toHex } from './block-tag.ts'

/** A transaction that need not be signed; amounts in wei, `gas` in gas units. */
export type TransactionRequest = {
  from?: Address
  to?: Address
  data?: Hex
  input?: Hex
  value?: bigint
  gas?: bigint
  gasPrice?: bigint
  maxFeePerGas?: bigint
  maxPriorityFeePerGas?: bigint
  accessList?: readonly { address: Address; storageKeys: readonly Hash[] }[]
}

/** An object as JSON-RPC writes it: quantities in hex, nothing added. */
export function wire(object: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isQuantity(value) ? toHex(value) : value]),
  )
}

function isQuantity(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || typeof value === 'number'
}
