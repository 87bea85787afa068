import { z } from 'zod'

/**
 * One link of an incident's evidence chain: `hash = sha256(canonicalJson({incidentId, sequence, kind,
 * recordedAt, body, previous}))`, `previous` the hash of the link before (64 zeros for the first).
 */
export const evidenceSchema = z.object({
  incidentId: z.string(),
  sequence: z.number().int(),
  /** finding | plan | simulation | broadcast | verification | report … */
  kind: z.string(),
  recordedAt: z.number().int(),
  body: z.unknown(),
  previous: z.string(),
  hash: z.string(),
})
export type Evidence = z.infer<typeof evidenceSchema>

export const GENESIS_HASH = '0'.repeat(64)

/** Whether an incident's evidence chain holds. */
export const chainVerdictSchema = z.object({
  ok: z.boolean(),
  /** Links found. */
  count: z.number().int(),
  /** Hash of the last link found, 64 zeros for none. */
  head: z.string(),
  /** Sequence of the first place where it does not hold. */
  brokenAt: z.number().int().exactOptional(),
  reason: z.string().exactOptional(),
})
