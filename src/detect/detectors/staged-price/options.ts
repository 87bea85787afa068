import { z } from 'zod'

export const stagedPriceOptions = z.strictObject({
  /** Seconds for which a party's trades with a pool are put together, and over which a price is usual. */
  windowSeconds: z
    .number()
    .int()
    .min(60)
    .max(7 * 86_400)
    .default(86_400),
  /** How far the price must be from what it was, in basis points of it. */
  minMoveBps: z.number().int().min(1).default(1_000),
  /** The same, from which it is an alarm. */
  alarmMoveBps: z.number().int().min(1).default(2_500),
})
export type StagedPriceOptions = z.infer<typeof stagedPriceOptions>
