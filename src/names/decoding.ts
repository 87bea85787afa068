import { ifMalformed } from '../chain/methods/answer.ts'
import { getCode } from '../chain/methods/get-code.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import { TOPICS } from '../facts/signatures.ts'
import { createDecoder, type Decoder } from '../forensics/decode/decoder.ts'
import type { Suspect } from '../forensics/investigate.ts'
import type { Frame } from '../model/block.ts'
import { type Address, type Hex, selectorOf } from '../model/hex.ts'
import { type AbiSource, readAbis } from './abi-sources.ts'
import { functionNames } from './function-names.ts'
import { codeIn, type GuessedAbis, guessAbis } from './guessed-abis.ts'
import { readSignatureTables, selectorsIn } from './signature-tables.ts'

export type DecodingOptions = {
  /** ABI files, artifacts, metadata folders; `ADDRESS=PATH`. */
  abis?: readonly string[] | undefined
  /** Files of 4-byte tables. */
  signatures?: readonly string[] | undefined
  /** Guess the functions of unknown code from its bytecode. */
  guess?: boolean
}

/** Maximum addresses whose code is requested. */
const MOST_CODES = 200

/** ABIs that were read for the chain, and the node that has the code. */
type Known = { given: readonly AbiSource[]; rpc: Rpc | null }

/** The ABIs of files and folders that are for a chain, or do not name one. Throws `app.InvalidAbi`. */
export async function abisFor(paths: readonly string[], chainId: number): Promise<AbiSource[]> {
  const sources = await readAbis(paths)
  return sources.filter((source) => source.chainId === null || source.chainId === chainId)
}

/**
 * A decoder for the calls of these transactions. Throws `app.InvalidSignatures`, `app.EvmoleMissing` and the errors of
 * code requests.
 */
export async function decoderFor(
  suspects: readonly Suspect[],
  { given, signatures = [], guess = false, rpc }: Omit<DecodingOptions, 'abis'> & Known,
): Promise<Decoder> {
  const frames = suspects.flatMap(({ tx }) => tx.transaction.frames)
  const known = {
    abis: given,
    shipped: functionNames,
    shippedEvents: Object.keys(TOPICS),
    tables: await readSignatureTables(signatures, selectorsIn(frames)),
  }
  return guess
    ? createDecoder({ ...known, guessed: await guessedFor(frames, known, rpc) })
    : createDecoder(known)
}

/** Guesses for the code of calls that no other source explains. */
async function guessedFor(
  frames: readonly Frame[],
  known: Parameters<typeof createDecoder>[0],
  rpc: Rpc | null,
): Promise<GuessedAbis> {
  const decoder = createDecoder(known)
  const unknown = new Set(
    frames.flatMap((frame) => {
      const isUnknown =
        frame.to !== null && selectorOf(frame.input) !== undefined && !decoder.call(frame)?.isExact
      return isUnknown && frame.to !== null && !frame.type.startsWith('CREATE') ? [frame.to] : []
    }),
  )
  const created = [...codeIn(frames)].filter(([address]) => unknown.has(address))
  const code = new Map<Address, Hex>(created)
  if (rpc !== null)
    await fetchCode(code, [...unknown].filter((address) => !code.has(address)).slice(0, MOST_CODES), rpc)
  return guessAbis(code)
}

async function fetchCode(code: Map<Address, Hex>, addresses: readonly Address[], rpc: Rpc): Promise<void> {
  for (const address of addresses) {
    const answer = await getCode(rpc, address, 'latest').catch(ifMalformed('0x' as const))
    if (answer !== '0x') code.set(address, answer)
  }
}
