import { z } from 'zod'
import { addressSchema, hashSchema } from './hex.ts'

/** Unix seconds, or an ISO 8601 date; seconds internally. */
export const momentSchema = z.union([
  z.number().int().min(0),
  z
    .string()
    .refine(
      (text) => /^\d{4}-\d{2}-\d{2}/.test(text) && Number.isFinite(Date.parse(text)),
      'expected an ISO date',
    )
    .transform((text) => Math.floor(Date.parse(text) / 1000)),
])

/** The known facts about a case: the answer that a backtest is scored against. Other fields are ignored. */
export const labelSchema = z.object({
  id: z.string(),
  label: z.enum(['attack', 'benign']).default('attack'),
  transactions: z.array(hashSchema),
  vulnerableContracts: z.array(addressSchema).default([]),
  /** Root-cause tags, see `categoryTags`. */
  tags: z.array(z.string()).default([]),
  lossUsd: z.number().nullable().default(null),
  /** Accounts of the attacker: alerts about them before the harm were warnings of this case. */
  attackers: z.array(addressSchema).default([]),
  /**
   * When harm began: the transaction, else the block, else the time. The earliest of `transactions` when none is given.
   * Set it where a case's first transactions only prepare.
   */
  firstHarmTransaction: hashSchema.optional(),
  firstHarmBlock: z.number().int().min(0).optional(),
  startedAt: momentSchema.optional(),
})
export type Label = z.infer<typeof labelSchema>

/** A label file: a list, or an object with `cases`. */
export const labelsSchema = z.union([
  z.array(labelSchema),
  z.object({ cases: z.array(labelSchema) }).transform(({ cases }) => cases),
])
