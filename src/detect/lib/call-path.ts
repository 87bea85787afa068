import type { Frame } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import { outermostOf } from './entries.ts'

/**
 * The contracts through which control passed from the sender to the first watched contract, in no order. A contract
 * that only returned control to a contract above it (a flash lender, a pool that pays first) is not on the path. Linear
 * in frames, times the logarithm of a contract's calls.
 */
export function callPath(
  frames: readonly Frame[],
  isWatched: (contract: Address) => boolean,
): ReadonlySet<Address> {
  const path = new Set<Address>()
  const places = placesOf(frames, isWatched)
  const leads = new Uint8Array(frames.length)
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]
    if (frame === undefined) continue
    if (places[i] === ENTRY) {
      if (frame.parent >= 0) leads[frame.parent] = 1
      continue
    }
    if (leads[i] !== 1) continue
    if (frame.context !== null) path.add(frame.context)
    const first = frame.context === null ? undefined : outermostOf(frame.context, i, frames)
    const next = first === undefined || first === i ? frame.parent : first
    if (next >= 0) leads[next] = 1
  }
  return path
}

const OUTSIDE = 0
const ENTRY = 1
const INSIDE = 2

/** For each frame whether it is before a watched contract, enters the first one, or is below it. */
function placesOf(frames: readonly Frame[], isWatched: (contract: Address) => boolean): Uint8Array {
  const places = new Uint8Array(frames.length)
  const known = new Map<Address, boolean>()
  const watched = (contract: Address): boolean => {
    const before = known.get(contract)
    if (before !== undefined) return before
    const answer = isWatched(contract)
    known.set(contract, answer)
    return answer
  }
  for (const { index, parent, context, type, reverted } of frames) {
    if (parent >= 0 && places[parent] !== OUTSIDE) places[index] = INSIDE
    else if (context !== null && watched(context))
      places[index] = type === 'CALL' && !reverted ? ENTRY : INSIDE
  }
  return places
}
