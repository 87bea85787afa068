import { z } from 'zod'

/** `degraded`: it works, but not as it should. `blind`: something that an attacker could use is not seen at all now. */
export const healthStatuses = ['ok', 'degraded', 'blind'] as const
export type HealthStatus = (typeof healthStatuses)[number]

export const healthCodes = [
  'behind',
  'blocks-given-up',
  'blocks-partial',
  'database-away',
  'detectors-blind',
  'endpoint-failing',
  'head-back',
  'head-standing',
  'no-block-judged',
  'no-endpoint',
  'not-learned',
  'pages-undelivered',
  'recording-late',
  'upkeep-failing',
  'watching-stopped',
] as const

const healthReasonSchema = z.object({
  code: z.enum(healthCodes),
  status: z.enum(['degraded', 'blind']),
  /** Absent where it is about Cordon as a whole. */
  chainId: z.number().int().optional(),
  /** One sentence that is safe to show to anyone. */
  message: z.string(),
  /** Names and reasons: only for holders of the token. */
  detail: z.string().optional(),
  /** Milliseconds since the Unix epoch, where it is known. */
  since: z.number().int().optional(),
})
export type HealthReason = z.infer<typeof healthReasonSchema>

/** Whether a running Cordon sees what it should see. Without the token it reveals nothing that helps a stranger. */
export const healthSchema = z.object({
  /** The worst of the reasons; `ok` only where there is none. */
  status: z.enum(healthStatuses),
  reasons: z.array(healthReasonSchema),
  database: z.object({ up: z.boolean() }),
  chains: z.array(
    z.object({
      chainId: z.number().int(),
      status: z.enum(healthStatuses),
      /** The newest block that the nodes reported; null before the first. */
      head: z.number().int().nullable(),
      /** The last block that was processed; null before the first. */
      lastBlock: z.number().int().nullable(),
      /** Blocks that exist and are not processed yet. */
      lagBlocks: z.number().int().nullable(),
      /** Seconds that the oldest of them has waited, or the time that the chain took to produce them if more. */
      lagSeconds: z.number().nullable(),
      /** Seconds from the last block's own time to now; on a chain that makes blocks on demand it can be any number. */
      ageSeconds: z.number().nullable(),
      /** The chain's own time between blocks, seconds; null where it is not known yet. */
      blockSeconds: z.number().nullable(),
    }),
  ),
})
export type Health = z.infer<typeof healthSchema>
export type ChainHealth = Health['chains'][number]

export function worstOf(reasons: readonly { status: HealthStatus }[]): HealthStatus {
  if (reasons.some(({ status }) => status === 'blind')) return 'blind'
  return reasons.length > 0 ? 'degraded' : 'ok'
}

/** Without the fields that only holders of the token may read. */
export function withoutDetails({ reasons, ...health }: Health): Health {
  return { ...health, reasons: reasons.map(({ detail: _, ...reason }) => reason) }
}
