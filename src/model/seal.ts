import { z } from 'zod'

const endSchema = z.object({ count: z.number().int(), head: z.string() })

/** The ends of an incident's two chains: the number of entries, and the hash of the last (64 zeros for none). */
export const incidentEndSchema = z.object({ id: z.string(), timeline: endSchema, evidence: endSchema })
export type IncidentEnd = z.infer<typeof incidentEndSchema>

/**
 * A Seal: one link of the chain over the whole record. `hash = sha256(canonicalJson({number, sealedAt, incidents, previous,
 * publicKey}))`; `signature` is Ed25519 over `cordon-record:` and that hash.
 */
export const sealSchema = z.object({
  number: z.number().int(),
  /** Milliseconds since the epoch. */
  sealedAt: z.number().int(),
  /** Incidents that grew since the previous seal. */
  incidents: z.array(incidentEndSchema),
  previous: z.string(),
  hash: z.string(),
  /** Raw Ed25519 public key, 64 hex digits. */
  publicKey: z.string(),
  /** 128 hex digits. */
  signature: z.string(),
})
export type Seal = z.infer<typeof sealSchema>
