import { z } from 'zod'
import type { BlockFacts } from '../../model/fact.ts'
import { addressSchema, hexSchema } from '../../model/hex.ts'

/** What was seen beside a block. */
export type Observed = Pick<BlockFacts, 'reads' | 'network'>

/** What was seen beside a block and cannot be read from the chain later: answers of view calls, and how the chain was followed. */
export function observedOf({ reads, network }: Observed): Observed {
  return { ...(reads === undefined ? {} : { reads }), ...(network === undefined ? {} : { network }) }
}

const observedSchema = z.object({
  reads: z
    .array(z.object({ to: addressSchema, data: hexSchema, answer: hexSchema.nullable() }))
    .exactOptional(),
  network: z
    .object({ reorgDepth: z.number(), disagreement: z.number(), finalityLag: z.number().exactOptional() })
    .exactOptional(),
})

/** What was kept by {@link observedOf}, back; undefined where it is not of that form. */
export function restoreObserved(kept: unknown): Observed | undefined {
  const parsed = observedSchema.safeParse(kept)
  return parsed.success ? parsed.data : undefined
}
