import type { Frame } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import { selectorOf } from '../../model/hex.ts'

/**
 * A way back in: while `outer` (a call into contract V) was unfinished, control went to `via`, which the caller
 * chose, and `via` called V again, or W, which shares V's books.
 */
export type Reentry = {
  outer: Frame
  inner: Frame
  outerContract: Address
  innerContract: Address
  via: Address
}

/**
 * All ways back in of one transaction, at most one for a pair of contracts and functions.
 * Not counted: a contract's own internal calls, plain receipt of the coin, token bookkeeping (a payout calls the
 * token; the payee may use the token), and callbacks to contracts that the caller could not choose.
 */
export function findReentries(frames: readonly Frame[]): Reentry[] {
  const found = new Map<string, Reentry>()
  let related: Relations | undefined
  for (const inner of frames) {
    if (!isEntry(inner, frames) || inner.context === null) continue
    const via = frames[inner.parent]?.context
    if (via === null || via === undefined) continue
    for (let above = frames[inner.parent]; above !== undefined; above = frames[above.parent]) {
      const outerContract = above.context
      if (outerContract === null || outerContract === via || !isEntry(above, frames)) continue
      if (outerContract !== inner.context) {
        related ??= relationsOf(frames)
        if (!sharesBooks(outerContract, inner, related)) continue
      }
      if (!isChosenByCaller(via, above, frames)) continue
      const reentry = { outer: above, inner, outerContract, innerContract: inner.context, via }
      const key = [outerContract, selectorOf(above.input), inner.context, selectorOf(inner.input)].join()
      if (!found.has(key)) found.set(key, reentry)
    }
  }
  return [...found.values()]
}

/** A state-changing call that brings control into a contract from outside, and names a function. */
function isEntry(frame: Frame, frames: readonly Frame[]): boolean {
  if (frame.type !== 'CALL' || frame.reverted || selectorOf(frame.input) === undefined) return false
  return frames[frame.parent]?.context !== frame.context
}

/** The caller chose `via` if it is a caller, stands in the calldata, or was created in this transaction. */
function isChosenByCaller(via: Address, outer: Frame, frames: readonly Frame[]): boolean {
  for (let above = frames[outer.parent]; above !== undefined; above = frames[above.parent]) {
    if (above.context === via) return true
  }
  if (outer.input.includes(via.slice(2))) return true
  return frames.some((frame) => frame.to === via && (frame.type === 'CREATE' || frame.type === 'CREATE2'))
}

/** What contracts call what, apart from the book-keeping of tokens. */
type Relations = { callees: ReadonlyMap<Address, ReadonlySet<Address>> }

/** transfer, transferFrom, approve, mint and burn forms, WETH's two, and what wallets answer to. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  '0xa9059cbb',
  '0x23b872dd',
  '0x095ea7b3',
  '0x40c10f19',
  '0x42966c68',
  '0x9dc29fac',
  '0x79cc6790',
  '0xd0e30db0',
  '0x2e1a7d4d',
])

function relationsOf(frames: readonly Frame[]): Relations {
  const callees = new Map<Address, Set<Address>>()
  for (const frame of frames) {
    const caller = frames[frame.parent]?.context
    if (!caller || frame.context === null || caller === frame.context || frame.type !== 'CALL') continue
    const selector = selectorOf(frame.input)
    if (selector === undefined || BOOKKEEPING.has(selector)) continue
    const known = callees.get(caller)
    if (known === undefined) callees.set(caller, new Set([frame.context]))
    else known.add(frame.context)
  }
  return { callees }
}

/**
 * Two contracts keep one set of books if one directs the other, or both report to a third with state-changing
 * calls (a lending market's comptroller). The caller's own contracts call everybody and are no such third.
 */
function sharesBooks(outer: Address, inner: Frame, { callees }: Relations): boolean {
  const innerContract = inner.context
  const selector = selectorOf(inner.input)
  if (innerContract === null || selector === undefined || BOOKKEEPING.has(selector)) return false
  const ofOuter = callees.get(outer)
  const ofInner = callees.get(innerContract)
  if (ofOuter?.has(innerContract) || ofInner?.has(outer)) return true
  if (ofOuter === undefined || ofInner === undefined) return false
  for (const third of ofOuter) if (ofInner.has(third)) return true
  return false
}
