import { z } from 'zod'
import { traceCall } from '../../chain/methods/trace-call.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { StateChange } from '../../model/containment.ts'
import { addressSchema, hashSchema } from '../../model/hex.ts'
import type { SimulatedCall } from './sequence.ts'

const TRACER = { tracer: 'prestateTracer', tracerConfig: { diffMode: true } } as const

const sideSchema = z.record(
  addressSchema,
  z.looseObject({ storage: z.record(hashSchema, hashSchema).optional() }),
)
const diffSchema = z.object({ pre: sideSchema, post: sideSchema })

/** Maximum slots listed per pull. */
const MOST_SLOTS = 64
const ZERO = `0x${'0'.repeat(64)}` as const

/**
 * The storage that a call changes on the state after a block, by `debug_traceCall` with geth's prestateTracer in diff
 * mode. Null where the node cannot provide it: then nothing is reported, and nothing is blocked because of it.
 */
export async function stateDiff(rpc: Rpc, call: SimulatedCall, block: number): Promise<StateChange[] | null> {
  const { from, to, data } = call
  const request = { from, ...(to === null ? {} : { to }), data }
  const answer = await traceCall(rpc, request, { block, tracer: TRACER }).catch(() => null)
  const parsed = diffSchema.safeParse(answer)
  return parsed.success ? changesOf(parsed.data) : null
}

/** A slot that is missing on one side was, or became, zero. */
function changesOf({ pre, post }: z.infer<typeof diffSchema>): StateChange[] {
  const changes: StateChange[] = []
  for (const address of new Set([...Object.keys(pre), ...Object.keys(post)] as (keyof typeof pre)[])) {
    const before = pre[address]?.storage ?? {}
    const after = post[address]?.storage ?? {}
    for (const slot of new Set([...Object.keys(before), ...Object.keys(after)] as (keyof typeof before)[])) {
      const change = { address, slot, before: before[slot] ?? ZERO, after: after[slot] ?? ZERO }
      if (change.before !== change.after) changes.push(change)
    }
  }
  return changes.slice(0, MOST_SLOTS)
}

/** Changes of slots that held a value: the values that were set before and are overwritten. */
export function overwritten(changes: readonly StateChange[]): StateChange[] {
  return changes.filter(({ before }) => before !== ZERO)
}
