import type { Frame } from '../../../model/block.ts'
import { entryFrame } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { wordAt, ZERO_ADDRESS } from '../../../model/hex.ts'
import { entersFromOutside, outermostStranger } from '../../lib/entries.ts'
import { BALANCE_OF } from '../../lib/read-balances.ts'

/** A view of `source` queried while a call into it was unfinished, for `asker`, which the actors had called. */
export type StaleView = {
  source: Address
  outer: Frame
  read: Frame
  asker: Frame
  /** The difference of the answer once the outer call has ended, basis points; null where there was no second query. */
  moveBps: number | null
  /** The outer call itself paid out, minted or burned before the view was queried, and after it. */
  movedBefore: boolean
  movedAfter: boolean
}

const MOST_VIEWS = 64
const MOST_WORDS = 4

/** One account's balance is not the contract's value; tokens that trade in their own transfers are queried midway. */
const LEDGERS: ReadonlySet<string> = new Set([
  BALANCE_OF,
  '0x00fdd58e', // balanceOf(address,uint256)
  '0xdd62ed3e', // allowance(address,address)
])

/**
 * Views that were queried midway: `outer` is a state-changing call into V on the stack, above it the actors had
 * control, they called a stranger X, and X (or a contract that it calls) queried V. At most 64 per transaction.
 */
export function staleViews(tx: TransactionFacts, actors: ReadonlySet<Address>): StaleView[] {
  const { frames } = tx.transaction
  const found: StaleView[] = []
  for (const read of frames) {
    if (read.type !== 'STATICCALL' || read.to === null || read.reverted || read.output.length < 66) continue
    if (LEDGERS.has(read.input.slice(0, 10))) continue
    // Most views are not queried from a callback: the parent chain is walked only where V is on it.
    const outer = outerOf(read, frames)
    if (outer === undefined) continue
    const asker = outermostStranger(read.index, { frames, actors, except: read.to })
    if (asker === undefined || asker.index <= outer.index || asker.context === read.to) continue
    if (!isActorsTurn(asker, outer, { frames, actors })) continue
    found.push({
      source: read.to,
      outer,
      read,
      asker,
      moveBps: moveAfter(read, outer, frames),
      ...movesOf(outer, read, tx),
    })
    if (found.length >= MOST_VIEWS) break
  }
  return found
}

/** The innermost unfinished state-changing call by which control had entered the queried contract. */
function outerOf(read: Frame, frames: readonly Frame[]): Frame | undefined {
  let above = frames[read.parent]
  // A contract's views of itself do not count as a way in.
  if (above?.context === read.to) return undefined
  for (; above !== undefined; above = frames[above.parent]) {
    if (above.context !== read.to || above.type === 'STATICCALL') continue
    if (entersFromOutside(above, frames)) return above.reverted ? undefined : above
  }
  return undefined
}

/** The actors' own code ran between the outer call and the asker: they chose the moment. */
function isActorsTurn(
  asker: Frame,
  outer: Frame,
  { frames, actors }: { frames: readonly Frame[]; actors: ReadonlySet<Address> },
): boolean {
  for (let at = frames[asker.parent]; at !== undefined && at.index > outer.index; at = frames[at.parent])
    if (at.context !== null && actors.has(at.context)) return true
  return false
}

/** The same query after the outer call had ended: the largest move of an answer. */
function moveAfter(read: Frame, outer: Frame, frames: readonly Frame[]): number | null {
  for (let i = outer.end; i < frames.length; i++) {
    const later = frames[i]
    if (later?.to !== read.to || later.input !== read.input || later.reverted) continue
    let most = 0
    for (let n = 0; n < MOST_WORDS; n++) {
      const [was, is] = [wordAt(read.output, n), wordAt(later.output, n)]
      if (was !== undefined && is !== undefined) most = Math.max(most, apartBps(was, is))
    }
    return most
  }
  return null
}

function apartBps(was: string, is: string): number {
  const [a, b] = [BigInt(`0x${was}`), BigInt(`0x${is}`)]
  const [less, more] = a < b ? [a, b] : [b, a]
  return more === less ? 0 : Number(((more - less) * 10_000n) / more)
}

/**
 * The effects of the outer call itself (not of calls that came back in) before and after it lost control: payments,
 * claims, slots.
 */
function movesOf(
  outer: Frame,
  read: Frame,
  tx: TransactionFacts,
): { movedBefore: boolean; movedAfter: boolean } {
  const { frames } = tx.transaction
  const source = read.to as Hex
  let movedBefore = false
  let movedAfter = false
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.frame < outer.index || fact.frame >= outer.end || fact.amount === 0n)
      continue
    const leaves =
      fact.from === source ||
      ((fact.from === ZERO_ADDRESS || fact.to === ZERO_ADDRESS) && fact.asset !== 'native')
    if (!leaves || entryFrame(source, fact.frame, frames) !== outer) continue
    if (fact.frame < read.index) movedBefore = true
    else movedAfter = true
  }
  return { movedBefore, movedAfter: movedAfter || writesAfter(outer, read, frames) }
}

/** Where storage was recorded: a frame of the outer call that began after the view was queried wrote to the source. */
function writesAfter(outer: Frame, read: Frame, frames: readonly Frame[]): boolean {
  for (let i = read.end; i < outer.end; i++) {
    const frame = frames[i]
    if (frame?.storage === undefined || entryFrame(read.to as Hex, i, frames) !== outer) continue
    if (frame.storage.some(({ op, address }) => op === 'write' && address === read.to)) return true
  }
  return false
}
