import type { Hex } from '../../model/hex.ts'

/** Tells whether hex digits stand in calldata; false once the budget is spent. */
export type Search = (data: Hex, digits: string) => boolean

/** Hex digits that are searched at most for one purpose in a transaction: the work stays linear on hostile calldata. */
const MOST_SEARCHED = 16_000_000

export function searchWithin(budget = MOST_SEARCHED): Search {
  let left = budget
  return (data, digits) => {
    if (left < data.length) return false
    left -= data.length
    return data.includes(digits)
  }
}
