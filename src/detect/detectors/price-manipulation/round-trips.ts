import { firstAtLeast } from '../../../kit/sorted.ts'
import type { Frame } from '../../../model/block.ts'
import type { SwapFact, TransactionFacts, ValuationFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { outermostStranger } from '../../lib/entries.ts'

/** The price of a pool was moved by `push` and (perhaps) moved back by `pull`, in one transaction. */
export type Manipulation = { pool: Address; push: SwapFact; pull: SwapFact | null }

/** A victim's call that read the moved price: `frame` is its entry, `read` the read. */
export type Valuation = { victim: Address; frame: Frame; read: ValuationFact; from: number; to: number }

/** The way back counts when it returns at least a tenth of what the way in bought: ordinary traders do not do that. */
const RETURNED_SHARE = 10n

/** Maximum swaps of one transaction considered as pushes, and price reads considered after each. */
const MOST_PUSHES = 200
const MOST_LOOKS = 64

/**
 * Pushes of a pool's price, with the opposite trade on the same pool where there is one. A push without a way back
 * counts too (manipulate, then borrow and leave), with a lower weight.
 */
export function manipulations(swaps: readonly SwapFact[]): Manipulation[] {
  return swaps.slice(0, MOST_PUSHES).map((push, i) => {
    const pull = swaps.find((later, j) => j > i && isOpposite(push, later))
    return { pool: push.pool, push, pull: pull ?? null }
  })
}

function isOpposite(push: SwapFact, later: SwapFact): boolean {
  if (later.pool !== push.pool) return false
  if (later.assetIn !== push.assetOut || later.assetOut !== push.assetIn) return false
  return later.amountIn * RETURNED_SHARE >= push.amountOut
}

/**
 * Calls into other contracts between push and pull that queried the pool's value, directly or through the contracts
 * that they call (oracles). Excludes the actors' own calls, and calls that themselves make the push or the pull: a
 * router or aggregator that trades does not value anything.
 */
export function valuationsBetween(
  { pool, push, pull }: Manipulation,
  { tx, actors, looks }: { tx: TransactionFacts; actors: ReadonlySet<Address>; looks: Looks },
): Valuation[] {
  const { frames } = tx.transaction
  const at = looksAt(pool, looks, frames)
  const after = frames[push.frame]?.end ?? push.frame + 1
  const before = pull?.frame ?? frames.length
  // by entry frame: one read per call is enough
  const found = new Map<number, Valuation>()
  for (const read of tx.facts) {
    if (read.kind !== 'valuation' || read.frame < after || read.frame >= before) continue
    if (read.source !== pool && !touches(read, at, frames)) continue
    if (!at.entries.has(read.frame))
      at.entries.set(read.frame, outermostStranger(read.frame, { frames, actors, except: pool }))
    const frame = at.entries.get(read.frame)
    if (frame === undefined || frame.context === null || frame.index < after || frame.index >= before)
      continue
    if (!found.has(frame.index)) {
      found.set(frame.index, { victim: frame.context, frame, read, from: after, to: before })
    }
    if (found.size >= MOST_LOOKS) break
  }
  return [...found.values()]
}

/** The data about each read, needed for each push on the same pool, computed once per transaction. */
export type Looks = Map<Address, LooksAt>
type LooksAt = {
  /** Frames that call the pool or name it, ascending. */
  touching: readonly number[]
  /** read → the actors' call into a stranger around it */
  entries: Map<number, Frame | undefined>
}

function looksAt(pool: Address, looks: Looks, frames: readonly Frame[]): LooksAt {
  const known = looks.get(pool)
  if (known !== undefined) return known
  const tail = pool.slice(2)
  const touching = frames.filter(({ to, input }) => to === pool || input.includes(tail))
  const made: LooksAt = { touching: touching.map(({ index }) => index), entries: new Map() }
  looks.set(pool, made)
  return made
}

/** The read queries the pool, directly or through the contract that it calls. */
function touches(read: ValuationFact, { touching }: LooksAt, frames: readonly Frame[]): boolean {
  const end = frames[read.frame]?.end ?? 0
  return (touching[firstAtLeast(touching, read.frame)] ?? Number.POSITIVE_INFINITY) < end
}
