import { z } from 'zod'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'

export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const
export const severitySchema = z.enum(severities)
export type Severity = z.infer<typeof severitySchema>

export const assetSchema = z.union([z.literal('native'), addressSchema])

export const assetChangeSchema = z.object({
  account: addressSchema,
  asset: assetSchema,
  amount: amountSchema,
})
/** An amount in base units that an account gained or lost. Always positive; the field gives the direction. */
export type AssetChange = z.infer<typeof assetChangeSchema>

export const evidenceItemSchema = z.object({
  /** The conclusion from this evidence, in one line. */
  statement: z.string(),
  /** Frames of the transaction that show it, by index in execution order. */
  frames: z.array(z.number().int().min(0)),
  amounts: z.array(assetChangeSchema).default([]),
})

/** A Finding: one detector's statement about one transaction, or about one block, with its evidence. */
export const findingSchema = z.object({
  type: z.literal('finding'),
  /** The same attack seen again (after a reorg, or pending and then mined) has the same fingerprint. */
  fingerprint: z.string(),
  detector: z.string(),
  chainId: z.number().int(),
  blockNumber: z.number().int(),
  blockHash: hashSchema.nullable(),
  /** Null where it is about the block as a whole, or about the chain. */
  transactionHash: hashSchema.nullable(),
  pending: z.boolean(),
  severity: severitySchema,
  /** 0 to 1: how sure the rule is. Not calibrated. */
  confidence: z.number().min(0).max(1),
  categories: z.array(z.string()),
  /** The contracts of the scope that it concerns. */
  protected: z.array(addressSchema),
  victims: z.array(addressSchema),
  actors: z.array(addressSchema),
  profit: z.array(assetChangeSchema),
  loss: z.array(assetChangeSchema),
  evidence: z.array(evidenceItemSchema),
  message: z.string(),
  /** Reported by a detector in shadow mode: recorded and counted, but causes no notification and no action. */
  shadow: z.boolean().default(false),
  /**
   * The loss is not one of a protected contract. `protected` names those that take part, if any; without one it opens no
   * incident. Nothing acts on it alone.
   */
  outside: z.literal(true).optional(),
})
export type Finding = z.infer<typeof findingSchema>

export function severityRank(severity: Severity): number {
  return severities.indexOf(severity)
}

export function atLeast(severity: Severity, floor: Severity): boolean {
  return severityRank(severity) >= severityRank(floor)
}

/** The highest reported severity, and one step more where two detectors agree at `medium` or above. */
export function agreedSeverity(said: readonly Pick<Finding, 'detector' | 'severity'>[]): Severity {
  const worst = Math.max(...said.map(({ severity }) => severityRank(severity)))
  const serious = said.filter(({ severity }) => atLeast(severity, 'medium'))
  const agree = new Set(serious.map(({ detector }) => detector)).size > 1
  return severities[Math.min(worst + (agree ? 1 : 0), severities.length - 1)] ?? 'critical'
}
