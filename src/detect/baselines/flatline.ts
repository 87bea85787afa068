/** A series that becomes constant although it never was. Plain data. */
export type Flatline = {
  last: number | null
  /** How often in a row the value was repeated. */
  run: number
  /** Pairs of equal neighbours, and all pairs, in runs that have ended. */
  repeats: number
  pairs: number
}

export function flatline(): Flatline {
  return { last: null, run: 0, repeats: 0, pairs: 0 }
}

/**
 * Reads the next value and returns the surprise of the present run in decades: −log10 q^run with q the share of
 * neighbours that were equal (Laplace's rule, so never 0). A run is learned when it ends: a constant value is not
 * learned as normal while it lasts.
 */
export function readFlatline(state: Flatline, value: number): number {
  if (value === state.last) state.run++
  else if (state.last !== null) {
    state.repeats += state.run
    state.pairs += state.run + 1
    state.run = 0
  }
  state.last = value
  const share = (state.repeats + 1) / (state.pairs + 2)
  return -state.run * Math.log10(share)
}
