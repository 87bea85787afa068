import { z } from 'zod'

/** Whether a running Cordon can do its work. Says nothing that a stranger on the machine may not know. */
export const healthSchema = z.object({
  /** `degraded`: the database is away, or a chain's last block is missing or old. */
  status: z.enum(['ok', 'degraded']),
  database: z.object({ up: z.boolean() }),
  chains: z.array(
    z.object({
      chainId: z.number().int(),
      /** The last block that was looked at; null before the first. */
      lastBlock: z.number().int().nullable(),
      /** Seconds from that block's own time to now; null before the first. */
      ageSeconds: z.number().nullable(),
    }),
  ),
})
export type Health = z.infer<typeof healthSchema>
