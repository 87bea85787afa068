import type { Address } from '../../model/hex.ts'

/** EIP-196, 197, 198, 152, 4844, 2537 and 7951, and the first four. Their input has no selector. */
const NAMES: Readonly<Record<string, string>> = {
  '1': 'ecrecover',
  '2': 'sha256',
  '3': 'ripemd160',
  '4': 'identity',
  '5': 'modexp',
  '6': 'ecAdd',
  '7': 'ecMul',
  '8': 'ecPairing',
  '9': 'blake2f',
  a: 'pointEvaluation',
  b: 'blsG1Add',
  c: 'blsG1Msm',
  d: 'blsG2Add',
  e: 'blsG2Msm',
  f: 'blsPairing',
  '10': 'blsMapFpToG1',
  '11': 'blsMapFp2ToG2',
  '100': 'p256Verify',
}

/** The name of a precompile; undefined for any other address. */
export function precompileName(address: Address | null): string | undefined {
  return address?.startsWith('0x0000000000000000000000000000000000000') === true
    ? NAMES[address.slice(39).replace(/^0+/, '')]
    : undefined
}

export function isPrecompile(address: Address | null): boolean {
  return precompileName(address) !== undefined
}
