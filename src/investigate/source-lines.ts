import { toFunctionSelector } from 'viem'
import { definitionOf } from '../forensics/decode/source-line.ts'
import { inert } from '../kit/text.ts'
import type { Frame } from '../model/block.ts'
import type { Address, Hex } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import type { AbiSource } from '../names/abi-sources.ts'

/**
 * The file and line where the root cause’s function is defined, if a given source of the contract or of its code has
 * it.
 */
export function withSourceLine(
  found: Investigation,
  given: readonly AbiSource[],
  frames: readonly Frame[],
): Investigation {
  const { contract, function: name } = found.rootCause
  if (contract === null || name === null) return found
  const selector = name.startsWith('0x') ? (name as Hex) : toFunctionSelector(name)
  const ran = ranAs(frames, contract)
  for (const { address, abi, sources } of given) {
    const entry = abi.functions.get(selector)?.[0]
    if (entry === undefined || (address !== null && !ran.has(address))) continue
    const place = definitionOf(entry, sources)
    if (place === undefined) continue
    const { file, line } = place
    return {
      ...found,
      rootCause: { ...found.rootCause, function: entry.signature, line, file: inert(file, 200) },
    }
  }
  return found
}

/** A contract and the code that it ran. */
function ranAs(frames: readonly Frame[], contract: Address): Set<Address> {
  const code = frames.flatMap(({ type, context, to }) =>
    type === 'DELEGATECALL' && context === contract && to !== null ? [to] : [],
  )
  return new Set([contract, ...code])
}
