import type { Frame } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'

/** A frame in which the acting side itself runs, or one that is not part of the trace. */
export const OWN = -1

/**
 * For each frame the frame by which control last passed from the acting side to a stranger: its index, or OWN where the side itself
 * runs. One pass.
 */
export function crossingsOf(frames: readonly Frame[], side: ReadonlySet<Address>): Int32Array {
  const crossings = new Int32Array(frames.length).fill(OWN)
  for (const { index, parent, context } of frames) {
    if (context !== null && side.has(context)) continue
    const above = parent < 0 ? OWN : (crossings[parent] ?? OWN)
    crossings[index] = above === OWN ? index : above
  }
  return crossings
}
