import type { Frame } from '../../model/block.ts'
import { OWN } from './crossings.ts'
import { searchWithin } from './search.ts'

/** Calldata from this length on can be recognised inside another: a selector and a word, as hex digits. */
const RECOGNISABLE = 8 + 64
/** A selector and two words are compared: protocols replace a context at the end before they pass a call on. */
const COMPARED = 8 + 2 * 64
/** Tells whether the side chose a call in full: see `chosenCalls`. */
export type IsChosen = (frame: Frame) => boolean

/**
 * Recognises calls whose target and data both stand in the calldata by which the side entered the caller: the caller lends its own
 * rights to a call that somebody else wrote. A function that takes an address and an amount and builds the call itself is none.
 */
export function chosenCalls(frames: readonly Frame[], crossings: Int32Array): IsChosen {
  const contains = searchWithin()
  return ({ input, to, parent }) => {
    const entered = frames[crossings[parent] ?? OWN]
    if (entered === undefined || to === null || input.length - 2 < RECOGNISABLE) return false
    return contains(entered.input, to.slice(2)) && contains(entered.input, input.slice(2, 2 + COMPARED))
  }
}
