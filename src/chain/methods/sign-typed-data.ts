import type { Address } from '../../model/hex.ts'
import type { Asker } from './asker.ts'

/** The answer of a signer to typed data (EIP-712) that is written as JSON. Throws the refusal of the signer. */
export async function signTypedDataV4(asker: Asker, address: Address, json: string): Promise<unknown> {
  return asker.request('eth_signTypedData_v4', [address, json])
}

/** As {@link signTypedDataV4}, under the name that Web3Signer has for it. */
export async function signTypedData(asker: Asker, address: Address, json: string): Promise<unknown> {
  return asker.request('eth_signTypedData', [address, json])
}
