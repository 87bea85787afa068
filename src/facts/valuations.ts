import type { Frame } from '../model/block.ts'
import type { ValuationFact } from '../model/fact.ts'
import type { Hex } from '../model/hex.ts'
import { selectorOf, wordAt } from '../model/hex.ts'
import { VALUATIONS } from './signatures.ts'

const VIEWS: ReadonlySet<Hex> = new Set(Object.values(VALUATIONS))
const MOST_WORDS = 4

/** A call by which one contract asks another for a price, reserves or a share value. */
export function valuationFromCall(frame: Frame, frames: readonly Frame[]): ValuationFact | undefined {
  if ((frame.type !== 'STATICCALL' && frame.type !== 'CALL') || frame.to === null) return undefined
  const selector = selectorOf(frame.input)
  if (selector === undefined || !VIEWS.has(selector)) return undefined
  const answer: bigint[] = []
  for (let n = 0; n < MOST_WORDS; n++) {
    const word = wordAt(frame.output, n)
    if (word === undefined) break
    answer.push(BigInt(`0x${word}`))
  }
  const reader = frames[frame.parent]?.context ?? frame.from
  return { kind: 'valuation', source: frame.to, reader, selector, answer, frame: frame.index }
}
