import type { Frame } from '../model/block.ts'
import type { Address } from '../model/hex.ts'
import { addressFromWord, selectorOf, wordAt } from '../model/hex.ts'

/** True where a call, refused or not, brings control into a contract from outside and names a function. */
export function entersFromOutside(frame: Frame, frames: readonly Frame[]): boolean {
  if (frame.type !== 'CALL' || selectorOf(frame.input) === undefined) return false
  return frames[frame.parent]?.context !== frame.context
}

/** The same, where it was not refused. */
export function isEntry(frame: Frame, frames: readonly Frame[]): boolean {
  return !frame.reverted && entersFromOutside(frame, frames)
}

type Strangers = {
  frames: readonly Frame[]
  actors: ReadonlySet<Address>
  /** A contract that is not to be taken for the stranger. */
  except?: Address
}

/** The outermost state-changing call around a frame that left the actors' own contracts: what they asked of a stranger. */
export function outermostStranger(index: number, { frames, actors, except }: Strangers): Frame | undefined {
  let found: Frame | undefined
  for (let frame = frames[index]; frame !== undefined; frame = frames[frame.parent]) {
    if (frame.context === null) continue
    if (actors.has(frame.context)) return found
    if (frame.context !== except && frame.type !== 'STATICCALL') found = frame
  }
  return found
}

/** The addresses among the ABI words of a call's arguments. At most 64 words are looked at. */
export function addressesIn(frame: Frame): Address[] {
  const found: Address[] = []
  for (let n = 0; n < 64; n++) {
    const word = wordAt(frame.input, n, 10)
    if (word === undefined) break
    const address = addressFromWord(word)
    // Small numbers look like addresses with many zeros; real ones practically never have ten leading zero digits.
    if (address !== undefined && !address.startsWith('0x0000000000')) found.push(address)
  }
  return found
}

/** The contexts that control passed through on the way to a frame, innermost first, the frame's own included. */
export function contextsAround(index: number, frames: readonly Frame[]): Address[] {
  const contexts: Address[] = []
  for (let frame = frames[index]; frame !== undefined; frame = frames[frame.parent]) {
    if (frame.context !== null) contexts.push(frame.context)
  }
  return contexts
}
