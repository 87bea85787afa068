import { checksumAddress } from 'viem'
import { CordonError } from '../kit/error.ts'
import { type Address, addressSchema } from './hex.ts'

/** Chains whose checksum includes the chain id (EIP-1191): Rootstock and its test chain. */
const OWN_CHECKSUM = [undefined, 30, 31] as const

/** True where the letters of an address are all of one case, or spell its checksum (EIP-55, EIP-1191). */
export function hasRightChecksum(text: string): boolean {
  const digits = text.slice(2)
  const lower = digits.toLowerCase()
  if (digits === lower || digits === digits.toUpperCase()) return true
  return OWN_CHECKSUM.some((chainId) => checksumAddress(`0x${lower}`, chainId) === text)
}

/** The error in an address that {@link hasRightChecksum} rejects, and the correct spelling if the digits are right. */
export function wrongChecksum(text: string): string {
  const right = checksumAddress(`0x${text.slice(2).toLowerCase()}`)
  return `wrong checksum (EIP-55): a digit is mistyped; if every digit is right it is written ${right}`
}

/**
 * An address that a person wrote, in the configuration or on the command line: mixed case must match the checksum, so
 * that a mistyped digit is reported. Addresses of chain data use `addressSchema`.
 */
export const givenAddressSchema = addressSchema.in
  .refine(hasRightChecksum, { error: ({ input }) => wrongChecksum(String(input)) })
  .transform((text) => text.toLowerCase() as Address)

/** An address from the command line. Throws `app.InvalidAddress`. */
export function addressOf(text: string): Address {
  const trimmed = text.trim()
  const parsed = givenAddressSchema.safeParse(trimmed)
  if (parsed.success) return parsed.data
  const isMistyped = /^0x[0-9a-fA-F]{40}$/.test(trimmed) && !hasRightChecksum(trimmed)
  throw new CordonError({
    code: 'app.InvalidAddress',
    message: isMistyped
      ? `“${trimmed}” has a ${wrongChecksum(trimmed)}.`
      : `“${text.slice(0, 60)}” is not an address.`,
    facts: { got: text.slice(0, 60), expected: isMistyped ? wrongChecksum(trimmed) : '0x and 40 hex digits' },
    fix: 'Correct the address; several are separated by commas.',
  })
}
