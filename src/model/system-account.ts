import type { Address } from './hex.ts'

/** Address spaces that a chain reserves for itself: without keys, and transfers to them are fees and bookkeeping. */
const RESERVED: readonly RegExp[] = [
  // precompiles and system contracts: Ethereum (EIP-1352), ZKsync’s kernel space, Arbitrum, BNB Chain, Polygon
  /^0x0{36}[0-9a-f]{4}$/,
  // predeploys of the OP stack, its fee vaults among them (specs.optimism.io, predeploys)
  /^0x420{34}[0-9a-f]{4}$/,
  // Arbitrum’s own accounts: fee pools, the sequencer (Nitro, arbos/l1pricing and arbcompress constants)
  /^0xa4b0[05][0-9a-f]{35}$/,
  // the sender of a chain’s own calls and logs (EIP-4788, EIP-7708, BNB Chain)
  /^0xf{39}e$/,
  // the OP stack’s depositor of a block’s attributes (specs.optimism.io, deposits)
  /^0xdeaddeaddeaddeaddeaddeaddeaddeaddead000[01]$/,
  // Avalanche’s coinbase, where fees are burned
  /^0x010{38}$/,
]

/** True for a precompile or system contract in the lowest addresses, where a user’s contract cannot be. */
export function isKernelAccount(address: Address): boolean {
  return address.startsWith('0x000000000000000000000000000000000000')
}

/** True for an account of the chain itself: what it receives is not an attacker's gain. */
export function isSystemAccount(address: Address): boolean {
  return RESERVED.some((range) => range.test(address))
}
