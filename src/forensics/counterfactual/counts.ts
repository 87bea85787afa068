import type { Frame } from '../../model/block.ts'
import type { Fact } from '../../model/fact.ts'

/** The number of facts of a kind before each frame, in execution order. */
export type Counts = readonly number[]

/** One pass over the facts and one over the frames, so that every frame's share costs two look-ups. */
export function countsOf(
  frames: readonly Frame[],
  facts: readonly Fact[],
  is: (fact: Fact) => boolean,
): Counts {
  const at = new Array<number>(frames.length + 1).fill(0)
  for (const fact of facts) {
    const place = fact.frame + 1
    if (fact.frame >= 0 && is(fact) && place < at.length) at[place] = (at[place] ?? 0) + 1
  }
  let sum = 0
  return at.map((count) => {
    sum += count
    return sum
  })
}

/** Facts in a frame and all frames below it. */
export function within(counts: Counts, { index, end }: Frame): number {
  return (counts[end] ?? 0) - (counts[index] ?? 0)
}
