import { z } from 'zod'
import { assessmentSchema } from './assessment.ts'
import { findingSchema, severitySchema } from './finding.ts'
import { addressSchema, hashSchema } from './hex.ts'

const latenessSchema = z.object({
  /** Number of blocks by which the head was ahead of the alert's block. */
  blocks: z.number().int(),
  /** Seconds between its block and the head; null where one of them has no timestamp. */
  seconds: z.number().int().nullable(),
})
/** The age of an alert's block when Cordon processed it. */
export type Lateness = z.infer<typeof latenessSchema>

/** An Alert: all findings about one transaction, or about one block as a whole, reported once. */
export const alertSchema = z.object({
  type: z.literal('alert'),
  /** Identity across pending, mined, reorged and mined again. */
  fingerprint: z.string(),
  /** Exact duplicates have the same hash. */
  alertHash: z.string(),
  chainId: z.number().int(),
  blockNumber: z.number().int(),
  blockHash: hashSchema.nullable(),
  /** Null where the alert is about the block as a whole. */
  transactionHash: hashSchema.nullable(),
  pending: z.boolean(),
  severity: severitySchema,
  confidence: z.number().min(0).max(1),
  /** Most likely first. */
  categories: z.array(z.string()),
  protected: z.array(addressSchema),
  victims: z.array(addressSchema),
  actors: z.array(addressSchema),
  findings: z.array(findingSchema),
  message: z.string(),
  /** Null until it is assessed against a calibration. */
  assessment: assessmentSchema.nullable().default(null),
  /** Null where it was found in time. */
  late: latenessSchema.nullable().default(null),
})
export type Alert = z.infer<typeof alertSchema>

/** True where every finding is about the loss of others. */
export function isOutside({ findings }: Pick<Alert, 'findings'>): boolean {
  return findings.every(({ outside }) => outside === true)
}

/** Most significant first; among equals, the newest first. */
export function byWeight(alerts: readonly Alert[]): Alert[] {
  return alerts.toReversed().toSorted((a, b) => (b.assessment?.score ?? 0) - (a.assessment?.score ?? 0))
}
