import type { Frame } from '../model/block.ts'
import { entryFrame } from '../model/block.ts'
import type { Address } from '../model/hex.ts'

/** A beacon or registry is asked first; nobody asks more than this before handing the call on. */
const MOST_QUESTIONS = 4

/**
 * The code that `contract` handed the call around frame `index` to, unchanged, to run as its own: EIP-1967 and beacon
 * proxies, EIP-1167 clones, diamonds. Null where it ran its own code or the call is not there. A library gets other
 * calldata than the contract did, so it is not taken for an implementation.
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
