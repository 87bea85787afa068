import type { Frame } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import { selectorOf } from '../../model/hex.ts'
import { entersFromOutside } from '../entries.ts'

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
  /** Where `via`'s call failed or was refused, the way back in was only tried. */
  attempted: boolean
}

/**
 * All ways back in of one transaction, at most one for a pair of contracts and functions.
 * Not counted: a contract's own internal calls, plain receipt of the coin, token bookkeeping (a payout calls the
 * token; the payee may use the token), and callbacks to contracts that the caller could not choose.
 */
export function findReentries(frames: readonly Frame[]): Reentry[] {
  const found = new Map<string, Reentry>()
  let callees: Callees | undefined
  for (const inner of frames) {
    const via = frames[inner.parent]?.context
    if (!via || inner.context === null || !entersFromOutside(inner, frames)) continue
    for (let outer = frames[inner.parent]; outer !== undefined; outer = frames[outer.parent]) {
      if (
        outer.context === null ||
        outer.context === via ||
        outer.reverted ||
        !entersFromOutside(outer, frames)
      )
        continue
      if (outer.context === inner.context) {
        if (PAYMENTS.has(inner.input.slice(0, 10))) continue
      } else {
        callees ??= calleesOf(frames)
        if (!sharesBooks({ outer, inner, via }, { frames, callees })) continue
      }
      if (!isChosenByCaller(via, { outer, inner, frames })) continue
      const reentry: Reentry = {
        outer,
        inner,
        outerContract: outer.context,
        innerContract: inner.context,
        via,
        attempted: inner.reverted,
      }
      const key = [
        reentry.outerContract,
        outer.input.slice(0, 10),
        inner.context,
        inner.input.slice(0, 10),
      ].join()
      if (found.get(key)?.attempted !== false) found.set(key, reentry)
    }
  }
  return [...found.values()]
}

type Way = { outer: Frame; inner: Frame; frames: readonly Frame[] }

/**
 * The caller chose `via` if it is one of the callers or was created in this transaction; or if it stands in the
 * calldata, and either V did not call it itself (a token, a hook) or the very same function was entered again.
 */
function isChosenByCaller(via: Address, { outer, inner, frames }: Way): boolean {
  for (let above = frames[outer.parent]; above !== undefined; above = frames[above.parent]) {
    if (above.context === via) return true
  }
  if (frames.some((frame) => frame.to === via && (frame.type === 'CREATE' || frame.type === 'CREATE2')))
    return true
  if (!outer.input.includes(via.slice(2))) return false
  return (
    outer.input.slice(0, 10) === inner.input.slice(0, 10) || !isCalledDirectly(via, { outer, inner, frames })
  )
}

function isCalledDirectly(via: Address, { outer, inner, frames }: Way): boolean {
  let frame = frames[inner.parent]
  while (frame !== undefined && frames[frame.parent]?.context === via) frame = frames[frame.parent]
  return frame !== undefined && frames[frame.parent]?.context === outer.context
}

/** What a payee does with a token that pays him; entering the token so is no way back into its books. */
const PAYMENTS: ReadonlySet<string> = new Set([
  '0xa9059cbb', // transfer(address,uint256)
  '0x23b872dd', // transferFrom(address,address,uint256)
  '0x095ea7b3', // approve(address,uint256)
])

/** Calls that say nothing about who keeps books with whom: payments, mints and burns, WETH's two. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  ...PAYMENTS,
  '0x40c10f19', // mint(address,uint256)
  '0x42966c68', // burn(uint256)
  '0x9dc29fac', // burn(address,uint256)
  '0x79cc6790', // burnFrom(address,uint256)
  '0xd0e30db0', // deposit()
  '0x2e1a7d4d', // withdraw(uint256)
])

/** contract → contracts that it directs with state-changing calls */
type Callees = ReadonlyMap<Address, ReadonlySet<Address>>

function calleesOf(frames: readonly Frame[]): Callees {
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
  return callees
}

/**
 * Two contracts keep one set of books if one directs the other, or both report to a third with state-changing
 * calls (a lending market's comptroller). The callers' own contracts, called back by everybody, are no such third.
 */
function sharesBooks(
  { outer, inner, via }: { outer: Frame; inner: Frame; via: Address },
  { frames, callees }: { frames: readonly Frame[]; callees: Callees },
): boolean {
  if (outer.context === null || inner.context === null || BOOKKEEPING.has(inner.input.slice(0, 10)))
    return false
  const ofOuter = callees.get(outer.context)
  const ofInner = callees.get(inner.context)
  if (ofOuter?.has(inner.context) || ofInner?.has(outer.context)) return true
  if (ofOuter === undefined || ofInner === undefined) return false
  const callers = new Set([via])
  for (let above = frames[outer.parent]; above !== undefined; above = frames[above.parent]) {
    if (above.context !== null) callers.add(above.context)
  }
  for (const third of ofOuter) if (ofInner.has(third) && !callers.has(third)) return true
  return false
}
