import type { Frame } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import { addressFromWord, selectorOf, wordAt } from '../../model/hex.ts'

/** True where a call, refused or not, enters a contract from outside and names a function. */
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
  /** A contract that must not count as the stranger. */
  except?: Address
}

/** The outermost state-changing call around a frame that left the actors' own contracts: the call to a stranger. */
export function outermostStranger(index: number, { frames, actors, except }: Strangers): Frame | undefined {
  let found: Frame | undefined
  for (let frame = frames[index]; frame !== undefined; frame = frames[frame.parent]) {
    if (frame.context === null) continue
    if (actors.has(frame.context)) return found
    if (frame.context !== except && frame.type !== 'STATICCALL') found = frame
  }
  return found
}

/** The addresses among the ABI words of a call's arguments. At most 64 words are examined. */
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

/** The periods in which a contract had control: disjoint ranges of frames, its own calls included. */
type Stays = readonly { from: number; to: number }[]
const stays = new WeakMap<readonly Frame[], Map<Address, { from: number; to: number }[]>>()

/** True where control passed through `contract` on the way to a frame. */
export function isWithin(contract: Address, index: number, frames: readonly Frame[]): boolean {
  return outermostOf(contract, index, frames) !== undefined
}

/**
 * Index of the outermost call around a frame in which `contract` had control, itself included; undefined for none. In
 * time logarithmic in the contract's calls, at any depth of the frame.
 */
export function outermostOf(contract: Address, index: number, frames: readonly Frame[]): number | undefined {
  let known = stays.get(frames)
  if (known === undefined) {
    known = staysOf(frames)
    stays.set(frames, known)
  }
  const ranges: Stays = known.get(contract) ?? []
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.to ?? 0) > index) high = middle
    else low = middle + 1
  }
  const range = ranges[low]
  return range !== undefined && range.from <= index ? range.from : undefined
}

function staysOf(frames: readonly Frame[]): Map<Address, { from: number; to: number }[]> {
  const found = new Map<Address, { from: number; to: number }[]>()
  for (const { context, index, end } of frames) {
    if (context === null) continue
    const ranges = found.get(context)
    if (ranges === undefined) found.set(context, [{ from: index, to: end }])
    else if (index >= (ranges.at(-1)?.to ?? 0)) ranges.push({ from: index, to: end })
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

/** The arguments of a call as numbers, at most eight. */
export function wordsOf({ input }: Frame): bigint[] {
  const words: bigint[] = []
  for (let n = 0; n < 8; n++) {
    const word = wordAt(input, n, 10)
    if (word === undefined) break
    words.push(BigInt(`0x${word}`))
  }
  return words
}
