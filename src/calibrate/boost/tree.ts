import { type Binned, MISSING } from './bins.ts'

/** A leaf [value], or a split [feature, threshold, row of the left child, of the right child, 1 where missing goes left]. */
export type TreeRow = [number] | [number, number, number, number, number]
/** Nodes as rows, the root first, children after their parent. */
export type Tree = TreeRow[]

/** 1: the score must not fall where the feature rises; −1: must not rise; 0: free. */
export type Direction = -1 | 0 | 1

export type Growth = {
  features: readonly Binned[]
  directions: readonly Direction[]
  /** First and second derivatives of the loss, by row. */
  gradients: Float64Array
  curvatures: Float64Array
  leaves: number
  /** Rows in a leaf, at least. */
  leastRows: number
  /** L2 penalty on a leaf's value. */
  ridge: number
}

/** A grown tree by values before shrinkage, and the leaf value of every row. */
export type Grown = { tree: Tree; outputs: Float64Array }

type Sums = { gradient: number; curvature: number; rows: number }
type Bounds = { low: number; high: number }
type Leaf = {
  rows: Int32Array
  sums: Sums
  bounds: Bounds
  value: number /** Null where none lowers the loss; undefined until it is searched for. */
  split: Split | null | undefined
  at: number
}
type Side = Sums & { value: number }
type Split = { feature: number; bin: number; missingLeft: boolean; gain: number; left: Side; right: Side }

/**
 * Grows one regression tree on the loss's derivatives, best split first. Constraints as in LightGBM's “basic” method: the
 * two sides of a split on a constrained feature are in order, and no leaf below them crosses their middle. Null where no
 * split lowers the loss.
 */
export function growTree(growth: Growth): Grown | null {
  const rows = Int32Array.from(growth.gradients.keys())
  const bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  const tree: Tree = [[0]]
  const open = [leafOf({ rows, bounds, at: 0 }, growth)]
  while (open.length < growth.leaves) {
    for (const leaf of open) if (leaf.split === undefined) leaf.split = bestSplit(leaf, growth)
    const best = open.reduce((a, b) => ((b.split?.gain ?? 0) > (a.split?.gain ?? 0) ? b : a))
    if (best.split == null) break
    const [left, right] = parted(best, best.split, growth)
    const { feature, bin, missingLeft } = best.split
    const threshold = growth.features[feature]?.cuts[bin] ?? 0
    const below = { left: tree.length, right: tree.length + 1 }
    tree[best.at] = [feature, threshold, below.left, below.right, missingLeft ? 1 : 0]
    tree.push([0], [0])
    open.splice(
      open.indexOf(best),
      1,
      leafOf({ ...left, at: below.left }, growth),
      leafOf({ ...right, at: below.right }, growth),
    )
  }
  if (open.length === 1) return null
  const outputs = new Float64Array(rows.length)
  for (const { rows: own, value, at } of open) {
    tree[at] = [value]
    for (const row of own) outputs[row] = value
  }
  return { tree, outputs }
}

function leafOf({ rows, bounds, at }: Pick<Leaf, 'rows' | 'bounds' | 'at'>, growth: Growth): Leaf {
  const sums = { gradient: 0, curvature: 0, rows: rows.length }
  for (const row of rows) {
    sums.gradient += growth.gradients[row] ?? 0
    sums.curvature += growth.curvatures[row] ?? 0
  }
  const value = leafValue(sums, bounds, growth.ridge)
  return { rows, sums, bounds, value, at, split: undefined }
}

/** The value that lowers the loss most, within the bounds. */
function leafValue({ gradient, curvature }: Sums, { low, high }: Bounds, ridge: number): number {
  return Math.min(high, Math.max(low, -gradient / (curvature + ridge)))
}

/** The loss of a leaf with this value, less that of the value 0, twice. */
function lossOf({ gradient, curvature, value }: Omit<Side, 'rows'>, ridge: number): number {
  return 2 * gradient * value + (curvature + ridge) * value * value
}

function bestSplit(leaf: Leaf, growth: Growth): Split | null {
  let best: Split | null = null
  if (leaf.rows.length < 2 * growth.leastRows) return best
  for (const feature of growth.features.keys()) {
    const bins = histogramOf(leaf.rows, feature, growth)
    for (const split of splitsOf(bins, { feature, leaf, growth }))
      if (split.gain > (best?.gain ?? LEAST_GAIN)) best = split
  }
  return best
}

/** A gain below this is rounding. */
const LEAST_GAIN = 1e-9

type Histogram = { bins: Sums[]; missing: Sums }

const nothing = (): Sums => ({ gradient: 0, curvature: 0, rows: 0 })

function histogramOf(rows: Int32Array, feature: number, growth: Growth): Histogram {
  const { cuts = [], bins = new Uint8Array() } = growth.features[feature] ?? {}
  const gradients = new Float64Array(MISSING + 1)
  const curvatures = new Float64Array(MISSING + 1)
  const counts = new Float64Array(MISSING + 1)
  const { gradients: first, curvatures: second } = growth
  for (const row of rows) {
    const bin = bins[row] ?? MISSING
    gradients[bin] = (gradients[bin] ?? 0) + (first[row] ?? 0)
    curvatures[bin] = (curvatures[bin] ?? 0) + (second[row] ?? 0)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const at = (bin: number): Sums => ({
    gradient: gradients[bin] ?? 0,
    curvature: curvatures[bin] ?? 0,
    rows: counts[bin] ?? 0,
  })
  return { bins: Array.from({ length: cuts.length }, (_, bin) => at(bin)), missing: at(MISSING) }
}

/** Every allowed split of a leaf on one feature; missing values go to either side. */
function* splitsOf(
  { bins, missing }: Histogram,
  { feature, leaf, growth }: { feature: number; leaf: Leaf; growth: Growth },
): Generator<Split> {
  const direction = growth.directions[feature] ?? 0
  const before = lossOf({ ...leaf.sums, value: leaf.value }, growth.ridge)
  for (const missingLeft of missing.rows > 0 ? [true, false] : [true]) {
    let left = missingLeft ? missing : nothing()
    for (const [bin, own] of bins.entries()) {
      left = plus(left, own, 1)
      const right = plus(leaf.sums, left, -1)
      if (left.rows < growth.leastRows) continue
      if (right.rows < growth.leastRows) break
      const sides = [left, right].map((sums) => ({
        ...sums,
        value: leafValue(sums, leaf.bounds, growth.ridge),
      }))
      const [one, other] = sides as [Side, Side]
      if (direction * (other.value - one.value) < 0) continue
      const gain = before - lossOf(one, growth.ridge) - lossOf(other, growth.ridge)
      yield { feature, bin, missingLeft, gain, left: one, right: other }
    }
  }
}

const plus = (a: Sums, b: Sums, sign: 1 | -1): Sums => ({
  gradient: a.gradient + sign * b.gradient,
  curvature: a.curvature + sign * b.curvature,
  rows: a.rows + sign * b.rows,
})

/** The two sides of a split; on a constrained feature neither may cross the middle later. */
function parted(
  { rows, bounds }: Leaf,
  { feature, bin, missingLeft, left, right }: Split,
  growth: Growth,
): [Pick<Leaf, 'rows' | 'bounds'>, Pick<Leaf, 'rows' | 'bounds'>] {
  const bins = growth.features[feature]?.bins ?? new Uint8Array()
  const isLeft = (row: number): boolean => (bins[row] === MISSING ? missingLeft : (bins[row] ?? 0) <= bin)
  const middle = (left.value + right.value) / 2
  const direction = growth.directions[feature] ?? 0
  const [below, above] = [
    { ...bounds, high: Math.min(bounds.high, middle) },
    { ...bounds, low: Math.max(bounds.low, middle) },
  ]
  const sides = direction === 0 ? [bounds, bounds] : direction === 1 ? [below, above] : [above, below]
  return [
    { rows: rows.filter(isLeft), bounds: sides[0] ?? bounds },
    { rows: rows.filter((row) => !isLeft(row)), bounds: sides[1] ?? bounds },
  ]
}
