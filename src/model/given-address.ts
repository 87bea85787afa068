import { checksumAddress } from 'viem'
import { type Address, addressSchema } from './hex.ts'

/** Chains whose checksum has the chain in it (EIP-1191): Rootstock and its test chain. */
const OWN_CHECKSUM = [undefined, 30, 31] as const

/** True where the letters of an address are all of one case, or spell its checksum (EIP-55, EIP-1191). */
export function hasRightChecksum(text: string): boolean {
  const digits = text.slice(2)
  const lower = digits.toLowerCase()
  if (digits === lower || digits === digits.toUpperCase()) return true
  return OWN_CHECKSUM.some((chainId) => checksumAddress(`0x${lower}`, chainId) === text)
}

export const WRONG_CHECKSUM =
  'wrong checksum (EIP-55): a digit is mistyped, or write it all in lower case if you are sure'

/**
 * An address that a person wrote, in the configuration or on the command line: mixed case must spell the checksum, so that
 * a mistyped digit is told. Addresses of chain data go through `addressSchema`.
 */
export const givenAddressSchema = addressSchema.in
  .refine(hasRightChecksum, WRONG_CHECKSUM)
  .transform((text) => text.toLowerCase() as Address)
