/**
 * A quantile sketch: any quantile of all numbers seen, within `accuracy` of its value, in at most `mostBuckets` buckets
 * of each sign. Two sketches of one accuracy add up. Plain data.
 * Source: C. Masson, J. Rim, H. Lee, DDSketch, VLDB 12 (2019): bucket i holds (γ^(i−1), γ^i], γ = (1 + α)/(1 − α); if
 * there are too many buckets, those nearest to zero are merged, so the tails stay exact.
 */
export type Sketch = {
  accuracy: number
  mostBuckets: number
  count: number
  zeros: number
  positive: Map<number, number>
  negative: Map<number, number>
}

/** Smaller magnitudes count as zero. */
const TINIEST = 1e-12

export function emptySketch({ accuracy = 0.01, mostBuckets = 1_024 } = {}): Sketch {
  return { accuracy, mostBuckets, count: 0, zeros: 0, positive: new Map(), negative: new Map() }
}

export function addTo(sketch: Sketch, value: number): void {
  sketch.count++
  if (Math.abs(value) < TINIEST) sketch.zeros++
  else {
    const side = value > 0 ? sketch.positive : sketch.negative
    const index = Math.ceil(Math.log(Math.abs(value)) / Math.log(growth(sketch)))
    side.set(index, (side.get(index) ?? 0) + 1)
    if (side.size > sketch.mostBuckets) mergeSmallest(side)
  }
}

/** Adds the data of `other`. Both must have the same accuracy. */
export function mergeInto(sketch: Sketch, other: Sketch): void {
  sketch.count += other.count
  sketch.zeros += other.zeros
  for (const side of ['positive', 'negative'] as const) {
    for (const [index, count] of other[side]) sketch[side].set(index, (sketch[side].get(index) ?? 0) + count)
    while (sketch[side].size > sketch.mostBuckets) mergeSmallest(sketch[side])
  }
}

/** The value below which `share` (0 to 1) of the numbers lie, within the accuracy; undefined for none. */
export function sketchQuantile(sketch: Sketch, share: number): number | undefined {
  if (sketch.count === 0) return undefined
  let left = share * (sketch.count - 1)
  for (const [value, count] of ascending(sketch)) {
    left -= count
    if (left < 0) return value
  }
  return ascending(sketch).at(-1)?.[0]
}

function ascending(sketch: Sketch): [number, number][] {
  const middle = (index: number): number => (2 * growth(sketch) ** index) / (growth(sketch) + 1)
  const sides = [...sketch.positive].map(([index, count]): [number, number] => [middle(index), count])
  const below = [...sketch.negative].map(([index, count]): [number, number] => [-middle(index), count])
  const zeros: [number, number][] = sketch.zeros > 0 ? [[0, sketch.zeros]] : []
  return [...below, ...zeros, ...sides].sort(([x], [y]) => x - y)
}

const growth = ({ accuracy }: Sketch): number => (1 + accuracy) / (1 - accuracy)

function mergeSmallest(side: Map<number, number>): void {
  const [smallest, next] = [...side.keys()].sort((x, y) => x - y)
  if (smallest === undefined || next === undefined) return
  side.set(next, (side.get(next) ?? 0) + (side.get(smallest) ?? 0))
  side.delete(smallest)
}
