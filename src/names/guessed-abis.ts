import { z } from 'zod'
import { CordonError } from '../kit/error.ts'
import type { Frame } from '../model/block.ts'
import type { Address, Hex } from '../model/hex.ts'

/** Twice EIP-170's limit, in hex digits: some chains allow more than Ethereum. */
const MOST_CODE = 4 * 24_576

/** address → selector → the types of its arguments, `(address,uint256)` */
export type GuessedAbis = ReadonlyMap<Address, ReadonlyMap<Hex, string>>

/** Code that the frames themselves created. */
export function codeIn(frames: Iterable<Frame>): Map<Address, Hex> {
  const code = new Map<Address, Hex>()
  for (const { type, to, output, error } of frames)
    if (type.startsWith('CREATE') && to !== null && error === null && output !== '0x') code.set(to, output)
  return code
}

/**
 * The functions that code appears to have, from its jump table and from how it reads its arguments: types, never names.
 * evmole, not whatsabi: it guesses argument types from the code alone, is 548 kB with its WebAssembly and has no
 * dependencies; whatsabi returns selectors and queries remote tables for the rest. Throws `app.EvmoleMissing`.
 */
export async function guessAbis(code: ReadonlyMap<Address, Hex>): Promise<GuessedAbis> {
  const { contractInfo } = await evmole()
  const guessed = new Map<Address, ReadonlyMap<Hex, string>>()
  const done = new Map<Hex, ReadonlyMap<Hex, string>>()
  for (const [address, bytes] of code) {
    const known = done.get(bytes) ?? functionsOf(bytes, contractInfo)
    done.set(bytes, known)
    guessed.set(address, known)
  }
  return guessed
}

type ContractInfo = (code: string, what: { selectors: boolean; arguments: boolean }) => unknown

const contractSchema = z.object({
  functions: z
    .array(z.object({ selector: z.string().regex(/^[0-9a-f]{8}$/), arguments: z.string().default('') }))
    .default([]),
})

function functionsOf(bytes: Hex, contractInfo: ContractInfo): ReadonlyMap<Hex, string> {
  if (bytes.length > MOST_CODE) return new Map()
  try {
    const { functions } = contractSchema.parse(contractInfo(bytes, { selectors: true, arguments: true }))
    return new Map(functions.map((found) => [`0x${found.selector}`, `(${found.arguments})`]))
  } catch {
    // Code that it cannot analyse: nothing is guessed, which the tree then shows.
    return new Map()
  }
}

/** Its types cannot be resolved through its `exports`, so the one function that is used is typed here. */
async function evmole(): Promise<{ contractInfo: ContractInfo }> {
  const name = 'evmole'
  try {
    return (await import(name)) as { contractInfo: ContractInfo }
  } catch (cause) {
    throw new CordonError({
      code: 'app.EvmoleMissing',
      message: 'The package that guesses functions from bytecode is not installed.',
      facts: { package: name },
      fix: 'Run `npm install evmole`, or omit --guess.',
      cause,
    })
  }
}
