import { assert } from '../../kit/assert.ts'
import { binned } from './bins.ts'
import { type Direction, growTree, type Tree } from './tree.ts'

/** One example. */
export type Example = {
  /** By feature; NaN where the value is missing. */
  values: readonly number[]
  positive: boolean
  /** Above 0. */
  weight: number
  /** The log-odds that training continues from. */
  start: number
}

export type BoostOptions = {
  /** The constraint of each feature. */
  directions: readonly Direction[]
  /** Trees at most; fewer where no split lowers the loss. */
  rounds: number
  leaves: number
  /** The part of each tree's values that is taken, 0 to 1. */
  learningRate: number
  /** Examples in a leaf, at least. */
  leastRows: number
  /** L2 penalty on a leaf's value. */
  ridge: number
}

/** Log-odds beyond this are certainty: their derivatives are 0 in floating point. */
const MOST_LOG_ODDS = 30

/**
 * Gradient-boosted trees for the logistic loss, added to the log-odds that the examples start from: histogram splits over
 * at most 64 bins, monotone constraints, missing values on the side that fits better. Deterministic: no sampling. The
 * values have six decimals, as in `train/train.py`.
 * Source: J. Friedman, Annals of Statistics 29 (2001); leaf values and gains as in T. Chen, C. Guestrin, KDD 2016, eq. 5
 * to 7; leaf-wise growth and bins as in G. Ke et al., LightGBM, NIPS 2017.
 */
export function boost(examples: readonly Example[], options: BoostOptions): Tree[] {
  const { directions, rounds, learningRate, leaves, leastRows, ridge } = options
  assert(
    examples.every(({ values, weight }) => values.length === directions.length && weight > 0),
    'every example has a value for each feature, and a weight',
  )
  if (examples.length === 0) return []
  const features = directions.map((_, feature) =>
    binned(examples.map(({ values }) => values[feature] ?? Number.NaN)),
  )
  const odds = Float64Array.from(examples, ({ start }) => clamped(start))
  const trees: Tree[] = []
  while (trees.length < rounds) {
    const derivatives = derivativesOf(examples, odds)
    const grown = growTree({ features, directions, ...derivatives, leaves, leastRows, ridge })
    if (grown === null) break
    trees.push(grown.tree.map((row) => (row.length === 1 ? [shrunk(row[0], learningRate)] : row)))
    for (const [row, output] of grown.outputs.entries())
      odds[row] = clamped((odds[row] ?? 0) + shrunk(output, learningRate))
  }
  return trees
}

const shrunk = (value: number, learningRate: number): number =>
  Math.round(value * learningRate * 1e6) / 1e6 + 0

function clamped(odds: number): number {
  return Math.min(MOST_LOG_ODDS, Math.max(-MOST_LOG_ODDS, odds))
}

/** First and second derivatives of the weighted logistic loss. */
function derivativesOf(examples: readonly Example[], odds: Float64Array) {
  const gradients = new Float64Array(examples.length)
  const curvatures = new Float64Array(examples.length)
  for (const [row, { positive, weight }] of examples.entries()) {
    const p = 1 / (1 + Math.exp(-(odds[row] ?? 0)))
    gradients[row] = weight * (p - (positive ? 1 : 0))
    curvatures[row] = weight * p * (1 - p)
  }
  return { gradients, curvatures }
}
