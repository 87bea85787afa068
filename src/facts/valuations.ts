import type { Frame } from '../model/block.ts'
import type { ValuationFact } from '../model/fact.ts'
import type { Hex } from '../model/hex.ts'
import { wordAt } from '../model/hex.ts'

const MOST_WORDS = 4

/** The view call by which one contract queries another for a price, reserves or a share value. */
export function valuationFromCall(
  frame: Frame,
  selector: Hex,
  frames: readonly Frame[],
): ValuationFact | undefined {
  if ((frame.type !== 'STATICCALL' && frame.type !== 'CALL') || frame.to === null) return undefined
  const answer: bigint[] = []
  for (let n = 0; n < MOST_WORDS; n++) {
    const word = wordAt(frame.output, n)
    if (word === undefined) break
    answer.push(BigInt(`0x${word}`))
  }
  const reader = frames[frame.parent]?.context ?? frame.from
  return { kind: 'valuation', source: frame.to, reader, selector, answer, frame: frame.index }
}
