import { z } from 'zod'
import type { Features } from './features.ts'

const leaf = z.tuple([z.number()])
/** feature, threshold, row of the left child, row of the right child, 1 where a missing value goes left */
const split = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()])

/** Gradient-boosted trees as `train/train.py` writes them: a tree is its nodes as rows, the root first. */
export const treesSchema = z
  .strictObject({
    version: z.literal(1),
    features: z.array(z.string()).min(1).max(512),
    trees: z.array(z.array(z.union([split, leaf])).min(1)).max(5_000),
  })
  .refine(
    ({ features, trees }) =>
      trees.every((rows) => rows.every((row, i) => isSound(row, i, rows.length, features.length))),
    {
      error: 'a node of a tree names a feature or a child that does not exist',
    },
  )
export type Trees = z.infer<typeof treesSchema>

/** Children come after their parent, so every walk ends. */
function isSound(row: readonly number[], at: number, rows: number, features: number): boolean {
  if (row.length === 1) return true
  const [feature = -1, , left = -1, right = -1] = row
  const isChild = (child: number): boolean => Number.isInteger(child) && child > at && child < rows
  return Number.isInteger(feature) && feature >= 0 && feature < features && isChild(left) && isChild(right)
}

/** The model's score, 0 to 1: the logistic of the sum of the trees. A feature that is not a number is missing. */
export function scoreOf({ features: names, trees }: Trees, features: Features): number {
  const values = names.map((name) => features[name] ?? Number.NaN)
  let sum = 0
  for (const rows of trees) {
    let row = rows[0]
    while (row !== undefined && row.length === 5) {
      const [feature, threshold, left, right, missing] = row
      const value = values[feature] ?? Number.NaN
      const isLeft = Number.isNaN(value) ? missing === 1 : value <= threshold
      row = rows[isLeft ? left : right]
    }
    sum += row?.[0] ?? 0
  }
  return 1 / (1 + Math.exp(-sum))
}
