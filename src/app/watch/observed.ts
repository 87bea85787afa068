import { z } from 'zod'
import type { Capabilities } from '../../chain/rpc/capabilities.ts'
import type { BlockFacts } from '../../model/fact.ts'
import { addressSchema, hexSchema } from '../../model/hex.ts'

/** What was seen beside a block. */
export type Observed = Pick<BlockFacts, 'reads' | 'network'>

type Kept = Observed & { hasTraces?: true }

/** What was seen beside a block and cannot be read from the chain later: answers of view calls, and how the chain was followed. */
function observedOf({ reads, network }: Observed): Observed {
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

/** What is kept of a block: what was seen beside it, and whether the nodes had traces at that time. */
export function keptOf(facts: BlockFacts, capabilities: Capabilities): Kept {
  const isTraced = facts.bundle.transactions.some(({ frames }) => frames.length > 0)
  return { ...observedOf(facts), ...(isTraced || hasTraces(capabilities) ? { hasTraces: true } : {}) }
}

/** True where the nodes were asked for traces and gave some. */
export function hasTraces({ traces, uncertain }: Capabilities): boolean {
  return traces !== 'none' && Object.keys(uncertain).length === 0
}

/** True where the nodes had traces when this was kept: that they have none after a restart is a gap then. */
export function hadTraces(kept: unknown): boolean {
  return z.object({ hasTraces: z.literal(true) }).safeParse(kept).success
}

/** What was kept by {@link keptOf}, back; undefined where it is not of that form. */
export function restoreObserved(kept: unknown): Observed | undefined {
  const parsed = observedSchema.safeParse(kept)
  return parsed.success ? parsed.data : undefined
}
