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
