/** The cut points of one feature, ascending: bin i holds the values at most `cuts[i]`, the one after the last the rest. */
export type Cuts = readonly number[]

/** A feature's values as bins, one byte a row; `MISSING` where there is no number. */
export type Binned = { cuts: Cuts; bins: Uint8Array }

/** Bins of one feature at most, the missing one left out. */
export const MOST_BINS = 64
/** The bin of a value that is missing, or not finite. */
export const MISSING = 255

/**
 * Cuts a feature into at most 64 bins: a bin for each distinct value, else bins of equally many distinct values. Distinct
 * ones, because most transactions have 0 in most features, and the differences that matter are among the others.
 */
export function binned(values: readonly number[]): Binned {
  const cuts = cutsOf(values)
  return { cuts, bins: Uint8Array.from(values, (value) => binOf(value, cuts)) }
}

function cutsOf(values: readonly number[]): Cuts {
  const distinct = [...new Set(values.filter(Number.isFinite).map(plusZero))].sort((a, b) => a - b)
  const count = Math.min(MOST_BINS, distinct.length)
  const cuts: number[] = []
  for (let i = 1; i < count; i++) {
    const at = Math.floor((i * distinct.length) / count)
    cuts.push(between(distinct[at - 1] ?? 0, distinct[at] ?? 0))
  }
  return cuts
}

/** −0 and 0 are one value. */
const plusZero = (value: number): number => value + 0

/** A number from `low` up to, not including, `high`, in the middle where floating point allows it. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2
  return middle >= low && middle < high ? middle : low
}

function binOf(value: number, cuts: Cuts): number {
  if (!Number.isFinite(value)) return MISSING
  let [low, high] = [0, cuts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (value <= (cuts[middle] ?? 0)) high = middle
    else low = middle + 1
  }
  return low
}
