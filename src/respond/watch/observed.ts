import { z } from 'zod'
import { type Capabilities, hasTraces } from '../../chain/rpc/capabilities.ts'
import type { BlockFacts } from '../../model/fact.ts'
import { addressSchema, hexSchema } from '../../model/hex.ts'

/** Observations that accompany a block. */
export type Observed = Pick<BlockFacts, 'reads' | 'network'>

const arrivalSchema = z.object({ timestamp: z.number(), transactions: z.number(), at: z.number() })
type Arrival = z.infer<typeof arrivalSchema>
type Kept = Observed & { hasTraces?: true; arrival?: Arrival }

/**
 * The observations that accompany a block and cannot be read from the chain later: answers of view calls, and how the
 * chain was followed.
 */
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

/** The moment at which a block was judged: `now` in milliseconds, `head` the newest block of the chain then. */
export type JudgedAt = { capabilities: Capabilities; now: number; head: number | null }

/**
 * The stored data of a block: its observations, its arrival time (milliseconds), and whether the nodes had traces then. A block
 * that was caught up with has no arrival: several of them come at once, and would hide the chain's own rhythm after a restart.
 */
export function keptOf(facts: BlockFacts, at: JudgedAt): Kept {
  const { number, timestamp, transactions } = facts.bundle
  const isAtHead = at.head === null || number >= at.head - 1
  const isTraced = transactions.some(({ frames }) => frames.length > 0) || hasTraces(at.capabilities)
  const arrival = { timestamp: timestamp ?? 0, transactions: transactions.length, at: at.now }
  return {
    ...observedOf(facts),
    ...(isTraced ? { hasTraces: true } : {}),
    ...(timestamp === null || !isAtHead ? {} : { arrival }),
  }
}

/** The arrival time of a block, restored from the result of {@link keptOf}. */
export function restoreArrival(kept: unknown): Arrival | undefined {
  const parsed = z.object({ arrival: arrivalSchema }).safeParse(kept)
  return parsed.success ? parsed.data.arrival : undefined
}

/** True if the nodes had traces when this was stored: then it is a gap if they have none after a restart. */
export function hadTraces(kept: unknown): boolean {
  return z.object({ hasTraces: z.literal(true) }).safeParse(kept).success
}

/** The observations restored from the result of {@link keptOf}; undefined if it does not have that form. */
export function restoreObserved(kept: unknown): Observed | undefined {
  const parsed = observedSchema.safeParse(kept)
  return parsed.success ? parsed.data : undefined
}
