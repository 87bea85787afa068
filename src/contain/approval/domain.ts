import { keccak256, toBytes } from 'viem'
import type { Hex } from '../../model/hex.ts'

export type DomainOf = {
  chainId: number
  /** Null in a drill: signatures made there are not valid in any installation. */
  installation?: string | null | undefined
}

/**
 * The EIP-712 domain of the messages that people sign for one installation on one chain: the salt is keccak-256 of the
 * installation's id.
 */
export function domainOf({ chainId, installation = null }: DomainOf): {
  name: 'Cordon'
  version: '1'
  chainId: number
  salt?: Hex
} {
  const domain = { name: 'Cordon', version: '1', chainId } as const
  return installation === null ? domain : { ...domain, salt: keccak256(toBytes(installation)) }
}

/** Why a message signed for `named` does not count in `installation`; undefined if it does. `again`: signs it again. */
export function otherInstallation(
  { named = null, installation }: { named?: string | null | undefined; installation: string | null },
  again: string,
): string | undefined {
  if (named === installation) return undefined
  const here = installation === null ? 'a drill' : `installation ${installation}`
  const it = named === null ? 'it names no installation' : `it is for installation ${named}`
  return `${it}, and this is ${here}: sign it again with \`${again}\``
}
