import type { Frame } from '../model/block.ts'
import { entryFrame } from '../model/block.ts'
import type { Address } from '../model/hex.ts'

/** Maximum queries before the delegation: a proxy queries a beacon or registry first, and never more than this. */
const MOST_QUESTIONS = 4

/**
 * The code to which `contract` delegated the call around frame `index`, unchanged, to run in its own context: EIP-1967
 * and beacon proxies, EIP-1167 clones, diamonds. Null where it ran its own code or the call does not exist. A library
 * receives other calldata than the contract did, so it does not count as an implementation.
 */
export function implementationOf(contract: Address, index: number, frames: readonly Frame[]): Address | null {
  const entry = entryFrame(contract, index, frames)
  if (entry === undefined || entry.type === 'CREATE' || entry.type === 'CREATE2') return null
  for (let at = entry.index + 1, n = 0; at < entry.end && n <= MOST_QUESTIONS; n++) {
    const inner = frames[at]
    if (inner === undefined) return null
    if (inner.type === 'DELEGATECALL' && inner.input === entry.input) return inner.to
    at = inner.end
  }
  return null
}
