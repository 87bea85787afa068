import type { Frame } from '../../../model/block.ts'
import { entryFrame } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { ActionFact, SwapFact, TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { wordAt } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { isEntry, wordsOf } from '../../lib/entries.ts'
import { transfersIn } from '../../lib/flows.ts'
import { CATEGORY, keep, type Memory, notePush, type Push } from './memory.ts'

export type Marking = {
  tx: TransactionFacts
  sender: Address
  side: ReadonlySet<Address>
  scope: Scope
  block: number
  norms: { minMoveBps: number; windowBlocks: number }
}

/** A position was touched: the visit, and the price sources that it read. */
type Touch = { engine: Address; visit: Frame; pays: boolean; reads: ReadonlyMap<Address, readonly Frame[]> }

/**
 * The order of events of a manipulated mark, in one transaction or over a few blocks of one sender: it moves a price,
 * is paid on a position by an engine that reads that price, and (if it traded) trades back. A sender who trades outside
 * the visit and does not trade back, or who is paid on a price that others moved, is ignored.
 */
export function takeMarks(marking: Marking, memory: Memory): Claim[] {
  const { tx, sender, block, norms } = marking
  const touches = touchesOf(marking)
  const claims: Claim[] = []
  const live = (memory.pushes.get(sender) ?? []).filter((push) => block - push.block <= norms.windowBlocks)
  const events = [...swapsOf(tx), ...wordsSetIn(marking, memory), ...touches].sort((a, b) => a.at - b.at)
  const pushes: Push[] = live
  for (const event of events) {
    if (event.kind === 'touch') claims.push(...paidOn(event, pushes, { marking, memory }))
    else if (event.kind === 'word') pushes.push(event.push)
    else {
      claims.push(...pulledBack(event.swap, pushes))
      const push = pushOf(event.swap, marking, memory)
      if (push !== undefined) pushes.push(push)
    }
  }
  memory.pushes.delete(sender)
  for (const push of pushes) notePush(memory, sender, push)
  noteMarks(touches, memory)
  return claims
}

type TouchEvent = Touch & { kind: 'touch'; at: number }
type Event =
  | { kind: 'swap'; at: number; swap: SwapFact }
  | { kind: 'word'; at: number; push: Push }
  | TouchEvent

const POSITIONS: ReadonlySet<ActionFact['action']> = new Set([
  'open',
  'close',
  'settle',
  'exercise',
  'borrow',
  'liquidate',
])
const MOST_TOUCHES = 32

function touchesOf({ tx, side, scope }: Marking): TouchEvent[] {
  const { frames } = tx.transaction
  const found = new Map<number, TouchEvent>()
  for (const fact of tx.facts) {
    if (fact.kind !== 'action' || !POSITIONS.has(fact.action) || !inScope(scope, fact.contract)) continue
    const visit = entryFrame(fact.contract, fact.frame, frames)
    if (visit === undefined || found.has(visit.index) || found.size >= MOST_TOUCHES) continue
    const moves = transfersIn(tx.facts, { from: visit.index, to: visit.end })
    const pays = moves.some((it) => side.has(it.to) && !side.has(it.from) && it.amount > 0n)
    const reads = readsIn(visit, frames)
    found.set(visit.index, { kind: 'touch', at: visit.index, engine: fact.contract, visit, pays, reads })
  }
  return [...found.values()]
}

function readsIn(visit: Frame, frames: readonly Frame[]): Map<Address, Frame[]> {
  const reads = new Map<Address, Frame[]>()
  for (let i = visit.index + 1; i < visit.end; i++) {
    const frame = frames[i]
    if (frame?.type !== 'STATICCALL' || frame.to === null || frame.reverted) continue
    const known = reads.get(frame.to)
    if (known === undefined) reads.set(frame.to, [frame])
    else known.push(frame)
  }
  return reads
}

function swapsOf(tx: TransactionFacts): Event[] {
  return tx.facts.flatMap((swap) => (swap.kind === 'swap' ? [{ kind: 'swap', at: swap.frame, swap }] : []))
}

const priceKey = ({ pool, assetIn, assetOut }: SwapFact): string => `${pool}${assetIn}${assetOut}`

/** A trade at a price well away from the last one in the same direction; the first trade has no comparison. */
function pushOf(swap: SwapFact, { tx, block, norms }: Marking, memory: Memory): Push | undefined {
  if (swap.amountIn === 0n) return undefined
  const price = (swap.amountOut * 10n ** 18n) / swap.amountIn
  const before = memory.trades.get(priceKey(swap))
  keep(memory.trades, priceKey(swap), price)
  const moveBps = apartBps(before, price)
  if (moveBps < norms.minMoveBps) return undefined
  const { pool, assetIn, assetOut, amountOut } = swap
  const trade = { assetIn, assetOut, amountOut }
  return { source: pool, block, hash: tx.transaction.hash, trade, moveBps, paidBy: null, paidIn: null }
}

function apartBps(before: bigint | undefined, now: bigint): number {
  if (before === undefined || before === 0n) return 0
  const apart = before > now ? before - now : now - before
  return Number(apart * 10_000n > before * 1_000_000n ? 1_000_000n : (apart * 10_000n) / before)
}

const ECRECOVER = '0x0000000000000000000000000000000000000001'

/** Unsigned prices that the side itself wrote to a source by which positions are settled, far from its last answer. */
function wordsSetIn({ tx, side, block, norms }: Marking, { sources }: Memory): Event[] {
  const { frames } = tx.transaction
  if (sources.size === 0) return []
  return frames.flatMap((frame) => {
    const before = frame.context === null ? undefined : sources.get(frame.context)
    const caller = frames[frame.parent]?.context ?? tx.transaction.from
    if (before === undefined || frame.context === null || caller === null || !side.has(caller)) return []
    if (!isEntry(frame, frames) || isVerified(frame, frames)) return []
    const moveBps = Math.max(0, ...wordsOf(frame).map((word) => near(before, word)))
    if (moveBps < norms.minMoveBps) return []
    const push: Push = {
      source: frame.context,
      block,
      hash: tx.transaction.hash,
      trade: null,
      moveBps,
      paidBy: null,
      paidIn: null,
    }
    return [{ kind: 'word' as const, at: frame.index, push }]
  })
}

/** The distance of a word from the previous answer, where it can be a price of the same scale at all. */
function near(before: bigint, word: bigint): number {
  return word * 100n > before && word < before * 100n ? apartBps(before, word) : 0
}

/** A price that a third party signed is not the caller's own. */
function isVerified(frame: Frame, frames: readonly Frame[]): boolean {
  for (let i = frame.index; i < frame.end; i++) if (frames[i]?.to === ECRECOVER) return true
  return false
}

type Around = { marking: Marking; memory: Memory }

/** The engine pays the side on its push: reported at once for a written price, on the way back for a traded one. */
function paidOn(touch: TouchEvent, pushes: Push[], { marking, memory }: Around): Claim[] {
  if (!touch.pays) return []
  const { tx, norms } = marking
  return pushes.flatMap((push) => {
    const read = touch.reads.get(push.source)?.find((frame) => {
      const answer = wordAt(frame.output, 0)
      if (answer === undefined) return false
      const before = memory.marks.get(push.source + frame.input)
      return push.trade !== null || apartBps(before, BigInt(`0x${answer}`)) >= norms.minMoveBps
    })
    if (read === undefined || push.paidBy !== null) return []
    push.paidBy = touch.engine
    push.paidIn = tx.transaction.hash
    if (push.trade !== null) return []
    const sameHere = push.hash === tx.transaction.hash
    return [
      claimOf(push, {
        confidence: sameHere ? 0.85 : 0.75,
        how: `was told another price by the same side (${(push.moveBps / 100).toFixed(1)} % away, transaction ${push.hash})`,
        frames: [touch.visit.index, read.index],
      }),
    ]
  })
}

function pulledBack(swap: SwapFact, pushes: readonly Push[]): Claim[] {
  return pushes.flatMap((push) => {
    const { trade, source, paidBy } = push
    if (trade === null || paidBy === null || swap.pool !== source) return []
    if (swap.assetIn !== trade.assetOut || swap.assetOut !== trade.assetIn) return []
    if (swap.amountIn * 2n < trade.amountOut) return []
    const how = `was moved by ${(push.moveBps / 100).toFixed(1)} % with a trade (transaction ${push.hash}) that was undone after the payment`
    return [claimOf(push, { confidence: 0.8, how, frames: [swap.frame] })]
  })
}

function claimOf(
  { source, paidBy, paidIn }: Push,
  { confidence, how, frames }: { confidence: number; how: string; frames: number[] },
): Claim {
  return {
    contract: paidBy ?? source,
    victims: [source],
    confidence,
    categories: [CATEGORY, 'price-manipulation'],
    statement: `${paidBy} paid on a position (transaction ${paidIn}) by the price of ${source}, which ${how}.`,
    frames,
  }
}

function noteMarks(touches: readonly Touch[], memory: Memory): void {
  for (const { reads } of touches)
    for (const [source, all] of reads)
      for (const { input, output } of all) {
        const answer = wordAt(output, 0)
        if (answer === undefined) continue
        keep(memory.marks, source + input, BigInt(`0x${answer}`))
        keep(memory.sources, source, BigInt(`0x${answer}`))
      }
}
