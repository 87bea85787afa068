import { z } from 'zod'
import { addressSchema, hashSchema } from './hex.ts'

/** What is known about a case beforehand: the answer that a backtest is marked by. Other fields are left alone. */
export const labelSchema = z.object({
  id: z.string(),
  label: z.enum(['attack', 'benign']).default('attack'),
  transactions: z.array(hashSchema),
  vulnerableContracts: z.array(addressSchema).default([]),
  /** Root-cause tags, see `categoryTags`. */
  tags: z.array(z.string()).default([]),
  lossUsd: z.number().nullable().default(null),
})
export type Label = z.infer<typeof labelSchema>

/** A label file: a list, or an object with `cases`. */
export const labelsSchema = z.union([
  z.array(labelSchema),
  z.object({ cases: z.array(labelSchema) }).transform(({ cases }) => cases),
])
