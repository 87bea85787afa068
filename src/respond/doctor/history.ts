import type { Asker } from '../../chain/methods/asker.ts'
import { getBalance } from '../../chain/methods/get-balance.ts'
import { parityTraceBlock } from '../../chain/methods/parity-trace-block.ts'
import { traceBlockByNumber } from '../../chain/methods/trace-block.ts'
import { CALL_TRACER } from '../../chain/methods/tracer.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import type { ProbeBlock } from './blocks.ts'
import { type Check, ok, warning } from './check.ts'

/** Blocks back: just now, a minute on a fast chain, past the 128 that a node keeps by default, an outage of hours. */
const DEPTHS = [1, 64, 144, 1_000] as const

type Depths = { state: number | null; traces: number | null }

/**
 * How far back states and traces are available: Cordon may stand still for that long and still read everything that it
 * missed.
 */
export async function historyCheck(
  asker: Asker,
  of: string,
  at: { head: ProbeBlock; blockSeconds: number | null },
): Promise<Check> {
  const name = `history of ${of}`
  const { head, blockSeconds } = at
  const depths = DEPTHS.filter((depth) => depth <= head.number)
  const [state, traces] = await Promise.all([
    deepest(depths, (depth) => getBalance(asker, ZERO_ADDRESS, head.number - depth)),
    deepest(depths, (depth) => traced(asker, head.number - depth)),
  ])
  const reach: Depths = { state, traces }
  const detail = `states ${reachText(reach.state)}, traces ${reachText(reach.traces)}`
  const wanted = depths.at(-1)
  if (wanted === undefined) return ok(name, 'the chain has no history yet')
  if (reach.state === wanted && reach.traces === wanted) return ok(name, detail)
  const kept = Math.min(reach.state ?? 0, reach.traces ?? 0)
  const minutes = blockSeconds === null ? '' : ` (about ${Math.round((kept * blockSeconds) / 60)} minutes)`
  return warning({
    name,
    detail: `${detail}: after a stop of more than ${kept} blocks${minutes} older blocks are read without them`,
    fix: 'Add an archive node (geth --gcmode archive) to rpcUrls, or restart Cordon within that time.',
  })
}

async function deepest(
  depths: readonly number[],
  reads: (depth: number) => Promise<unknown>,
): Promise<number | null> {
  let reached: number | null = null
  for (const depth of depths) {
    const isThere = await reads(depth).then(
      (answer) => answer !== null && answer !== undefined,
      () => false,
    )
    if (!isThere) break
    reached = depth
  }
  return reached
}

/** Uses whichever method the node has; throws the error of the last one. */
async function traced(asker: Asker, block: number): Promise<unknown> {
  return traceBlockByNumber(asker, block, CALL_TRACER).catch(() => parityTraceBlock(asker, block))
}

function reachText(depth: number | null): string {
  return depth === null ? 'not even one block back' : `${depth} blocks back or more`
}
