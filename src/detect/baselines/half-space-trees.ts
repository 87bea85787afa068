import { surpriseOf } from './tail.ts'
import { emptyWindow, learn, type Window } from './window.ts'

/**
 * Several series together: the sparsity of the region in which a point falls. Streaming, bounded, plain data.
 * Source: S. Tan, K. Ting, F. Liu, Fast anomaly detection for streaming data, IJCAI 2011. Trees halve a random
 * dimension of the work space at each level; masses of the last full window are the reference for the next one.
 */
export type HalfSpaceTrees = {
  dimensions: number
  windowPoints: number
  /** Points collected before the trees are grown: their ranges are the work space. */
  first: number[][]
  trees: Tree[]
  seen: number
  /** Past of the raw score: the sparsity of a point is ranked in it. */
  past: Window
  seed: number
}

/** A perfect binary tree, node i with children 2i + 1 and 2i + 2. */
type Tree = { dimension: number[]; at: number[]; reference: number[]; latest: number[] }

const TREES = 25
const DEPTH = 8
const NODES = 2 ** (DEPTH + 1) - 1

export type TreeOptions = { dimensions: number; windowPoints?: number; seed?: number }

export function halfSpaceTrees({ dimensions, windowPoints = 250, seed = 1 }: TreeOptions): HalfSpaceTrees {
  return { dimensions, windowPoints, first: [], trees: [], seen: 0, past: emptyWindow(2_000), seed }
}

/** An independent copy. */
export function copyForest({ first, trees, past, ...rest }: HalfSpaceTrees): HalfSpaceTrees {
  return {
    ...rest,
    first: first.map((point) => [...point]),
    // the shape of a tree never changes once it is grown
    trees: trees.map(({ dimension, at, reference, latest }) => ({
      dimension,
      at,
      reference: [...reference],
      latest: [...latest],
    })),
    past: { capacity: past.capacity, recent: past.recent.slice(), sorted: past.sorted.slice() },
  }
}

/** Reads the next point; returns its surprise in decades, 0 while the first two windows fill. */
export function readTrees(forest: HalfSpaceTrees, point: readonly number[]): number {
  if (forest.trees.length === 0) {
    forest.first.push([...point])
    if (forest.first.length === forest.windowPoints) plant(forest)
    return 0
  }
  const emptiness = -Math.log2(1 + massAt(forest, point))
  const surprise = surpriseOf(forest.past, emptiness + DEPTH + Math.log2(forest.windowPoints))
  learn(forest.past, emptiness + DEPTH + Math.log2(forest.windowPoints))
  for (const tree of forest.trees) record(tree, point)
  forest.seen++
  if (forest.seen % forest.windowPoints === 0) forest.trees.forEach(turn)
  return surprise
}

/**
 * Mean over trees of mass · 2^level at the end of the descent: a leaf, or a node with under than a tenth of a window.
 */
function massAt({ trees, windowPoints }: HalfSpaceTrees, point: readonly number[]): number {
  let sum = 0
  for (const tree of trees) {
    let [node, level] = [0, 0]
    while (level < DEPTH && (tree.reference[node] ?? 0) > windowPoints / 10) {
      node = childOf(tree, node, point)
      level++
    }
    sum += (tree.reference[node] ?? 0) * 2 ** level
  }
  return sum / trees.length
}

function childOf(tree: Tree, node: number, point: readonly number[]): number {
  const value = point[tree.dimension[node] ?? 0] ?? 0
  return 2 * node + (value < (tree.at[node] ?? 0) ? 1 : 2)
}

function record(tree: Tree, point: readonly number[]): void {
  let node = 0
  for (let level = 0; level <= DEPTH; level++) {
    tree.latest[node] = (tree.latest[node] ?? 0) + 1
    node = childOf(tree, node, point)
  }
}

function turn(tree: Tree): void {
  tree.reference = tree.latest
  tree.latest = new Array<number>(NODES).fill(0)
}

function plant(forest: HalfSpaceTrees): void {
  const ranges = Array.from({ length: forest.dimensions }, (_, d) => {
    const values = forest.first.map((point) => point[d] ?? 0)
    return { low: Math.min(...values), high: Math.max(...values) }
  })
  forest.trees = Array.from({ length: TREES }, () => grow(forest, ranges))
  for (const point of forest.first) for (const tree of forest.trees) record(tree, point)
  forest.trees.forEach(turn)
  forest.first = []
}

type Range = { low: number; high: number }

/** The paper's work space: around a random centre, twice as wide as the distance to the farther end of the data. */
function grow(forest: HalfSpaceTrees, ranges: readonly Range[]): Tree {
  const tree: Tree = { dimension: [], at: [], reference: [], latest: new Array<number>(NODES).fill(0) }
  const space = ranges.map(({ low, high }) => {
    const centre = low + nextRandom(forest) * (high - low)
    const reach = 2 * Math.max(centre - low, high - centre)
    return { low: centre - reach, high: centre + reach }
  })
  split(forest, tree, { node: 0, space })
  return tree
}

function split(
  forest: HalfSpaceTrees,
  tree: Tree,
  { node, space }: { node: number; space: readonly Range[] },
): void {
  if (node >= NODES) return
  const dimension = Math.floor(nextRandom(forest) * forest.dimensions)
  const { low, high } = space[dimension] ?? { low: 0, high: 0 }
  const middle = (low + high) / 2
  tree.dimension[node] = dimension
  tree.at[node] = middle
  const half = (part: Range): Range[] => space.map((range, d) => (d === dimension ? part : range))
  split(forest, tree, { node: 2 * node + 1, space: half({ low, high: middle }) })
  split(forest, tree, { node: 2 * node + 2, space: half({ low: middle, high }) })
}

/** mulberry32 on the forest's own state: the same points give the same trees after a restore. */
function nextRandom(forest: HalfSpaceTrees): number {
  forest.seed = (forest.seed + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(forest.seed ^ (forest.seed >>> 15), forest.seed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
