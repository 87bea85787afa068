import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Abi, decodeFunctionResult, encodeDeployData, encodeFunctionData } from 'viem'
import { z } from 'zod'
import { CordonError } from '../kit/error.ts'
import { packageRoot } from '../kit/package-root.ts'
import type { Hex } from '../model/hex.ts'
import { hexSchema } from '../model/hex.ts'

const artifactSchema = z.object({
  abi: z.array(z.looseObject({ type: z.string() })).transform((abi) => abi as unknown as Abi),
  bytecode: hexSchema,
  deployedBytecode: hexSchema,
})
/** A compiled contract, as `scripts/compile-contracts.mjs` writes it. */
export type Artifact = z.infer<typeof artifactSchema>

export const contractNames = [
  'TestToken',
  'OptionToken',
  'ExpiryOracle',
  'OptionsVault',
  'LendingMarket',
  'EthReserve',
  'FlashLender',
  'Router',
  'ArbBot',
  'AttackOption',
  'AttackOracle',
  'AttackReentrancy',
  'UniswapV2Factory',
  'UniswapV2Pair',
] as const
export type ContractName = (typeof contractNames)[number]

const loaded = new Map<ContractName, Artifact>()

/** The compiled contract of that name, read once. Throws `drill.ArtifactMissing` if it was never built. */
export function artifact(name: ContractName): Artifact {
  const known = loaded.get(name)
  if (known) return known
  const read = readArtifact(artifactFile(name))
  loaded.set(name, read)
  return read
}

/** The path of the compiled contract of that name. */
export function artifactFile(name: ContractName): string {
  return join(packageRoot(), 'contracts', 'out', `${name}.json`)
}

/** Reads one artifact file. Throws `drill.ArtifactMissing` if it is absent or not an artifact. */
export function readArtifact(path: string): Artifact {
  try {
    return artifactSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new CordonError({
      code: 'drill.ArtifactMissing',
      message: 'A contract of the drill is not compiled, or the compiler did not write its file.',
      facts: { path },
      fix: 'Run `npm run build` in the folder of Cordon.',
      cause,
    })
  }
}

/** Calldata of one function. */
export function encode(name: ContractName, functionName: string, args: readonly unknown[] = []): Hex {
  return encodeFunctionData({ abi: artifact(name).abi, functionName, args: [...args] })
}

/** Creation code with constructor arguments. */
export function encodeCreation(name: ContractName, args: readonly unknown[] = []): Hex {
  const { abi, bytecode } = artifact(name)
  return encodeDeployData({ abi, bytecode, args: [...args] })
}

/** The decoded answer of a view: one value, or an array if it returns several. */
export function decode(name: ContractName, functionName: string, data: Hex): unknown {
  return decodeFunctionResult({ abi: artifact(name).abi, functionName, data })
}
