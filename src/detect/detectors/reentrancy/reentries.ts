import type { Frame } from '../../../model/block.ts'
import type { Address } from '../../../model/hex.ts'
import { selectorOf } from '../../../model/hex.ts'
import { type Chain, chainAbove, isCaller, type KindOf, names, type Trace, traceOf } from './chain.ts'

/**
 * A re-entry: while `outer` (a call into contract V) was unfinished, control went to `via`, which the caller chose, and
 * `via` called V again, or W, which shares V's books.
 */
export type Reentry = {
  outer: Frame
  inner: Frame
  outerContract: Address
  innerContract: Address
  via: Address
  /** True where `via`'s call failed or was refused: the re-entry was only attempted. */
  attempted: boolean
}

/** Maximum re-entries considered: an attack has one or two, and a deliberately slow trace has millions. */
const MOST_DONE = 500
const MOST_ATTEMPTED = 100

/**
 * All re-entries of one transaction that concern a watched contract, at most one per pair of contracts and functions.
 * Not counted: a contract's own internal calls, plain receipt of the coin, token bookkeeping (a payout calls the token;
 * the payee may use the token), and callbacks to contracts that the caller could not choose. Time is frames times
 * depth, with little work per step: a block's gas can buy ten million of them.
 */
export function findReentries(frames: readonly Frame[], kindOf: KindOf): Reentry[] {
  const trace = traceOf(frames, kindOf)
  const books: Books = { frames, callees: undefined, pairs: new Map() }
  const found: Found = { byFunctions: new Map(), list: new Set(), attempted: 0 }
  let chain: Chain | undefined
  for (const inner of frames) {
    const parent = frames[inner.parent]
    if (!parent?.context || inner.context === null || !trace.enters[inner.index]) continue
    if (trace.kinds[inner.index] === 'actor' || PAYMENTS.has(trace.selectors[inner.index] ?? '')) continue
    for (let outer: Frame | undefined = parent; outer !== undefined; outer = frames[outer.parent]) {
      if (!mayBeOuter(outer, inner, trace)) continue
      if (trace.contracts[outer.index] === trace.contracts[parent.index]) continue
      if (chain?.parent !== parent) chain = chainAbove(parent, parent.context, trace)
      const way = { outer, inner, chain, trace }
      if (sharesBooks(way, books) && isChosenByCaller(way)) note(way, found)
    }
    if (found.list.size - found.attempted >= MOST_DONE) break
  }
  return [...found.list]
}

function mayBeOuter(outer: Frame, inner: Frame, { enters, kinds }: Trace): boolean {
  const kind = kinds[outer.index]
  if (!enters[outer.index] || outer.reverted || outer.context === null || kind === 'actor') return false
  return kind === 'watched' || kinds[inner.index] === 'watched'
}

type Way = { outer: Frame; inner: Frame; chain: Chain; trace: Trace }

/**
 * The caller chose `via` if it is one of the callers or was created in this transaction; or if it is in the calldata,
 * and either V did not call it itself (a token, a hook) or the same function was entered again.
 */
function isChosenByCaller({ outer, inner, chain, trace }: Way): boolean {
  const { via, giver } = chain
  if (isCaller(via, outer, trace) || trace.created.has(via)) return true
  if (!names(outer, via, trace)) return false
  return trace.selectors[outer.index] === trace.selectors[inner.index] || giver !== outer.context
}

type Found = {
  byFunctions: Map<string, Map<string, Reentry>>
  list: Set<Reentry>
  attempted: number
}

/** Of several re-entries between the same functions, keeps one that was not refused, else the last. */
function note({ outer, inner, chain, trace }: Way, found: Found): void {
  const [from, to] = [trace.functions[outer.index] ?? '', trace.functions[inner.index] ?? '']
  const inners = found.byFunctions.get(from) ?? new Map<string, Reentry>()
  found.byFunctions.set(from, inners)
  const known = inners.get(to)
  if (known?.attempted === false) return
  if (inner.reverted && known === undefined && found.attempted >= MOST_ATTEMPTED) return
  if (outer.context === null || inner.context === null) return
  const reentry: Reentry = {
    outer,
    inner,
    outerContract: outer.context,
    innerContract: inner.context,
    via: chain.via,
    attempted: inner.reverted,
  }
  if (known !== undefined) {
    found.list.delete(known)
    found.attempted--
  }
  if (reentry.attempted) found.attempted++
  inners.set(to, reentry)
  found.list.add(reentry)
}

/** The payee's uses of a token that pays it; entering the token in this way is not a re-entry into its books. */
const PAYMENTS: ReadonlySet<string> = new Set([
  '0xa9059cbb', // transfer(address,uint256)
  '0x23b872dd', // transferFrom(address,address,uint256)
  '0x095ea7b3', // approve(address,uint256)
])

/** Calls that do not show shared books: payments, mints and burns, WETH's two. */
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

type Books = {
  frames: readonly Frame[]
  callees: Callees | undefined
  /** inner contract → outer contract → their ties; both by their number in the trace */
  pairs: Map<number, Map<number, Ties>>
}

/** `direct`: one directs the other. `thirds`: the contracts that both direct. */
type Ties = { direct: boolean; thirds: readonly Address[] }

/** Maximum thirds of a pair that are examined. */
const MOST_THIRDS = 64

/**
 * Two contracts keep one set of books if one directs the other, or both report to a third with state-changing calls (a
 * lending market's comptroller). The callers' own contracts, which everyone calls back, do not count as such a third.
 */
function sharesBooks(way: Way, books: Books): boolean {
  const { outer, inner, chain, trace } = way
  if (trace.contracts[outer.index] === trace.contracts[inner.index]) return true
  const selector = trace.selectors[inner.index]
  if (selector !== undefined && BOOKKEEPING.has(selector)) return false
  const { direct, thirds } = tiesOf(way, books)
  return direct || thirds.some((third) => third !== chain.via && !isCaller(third, outer, trace))
}

const NO_TIES: Ties = { direct: false, thirds: [] }

function tiesOf({ outer, inner, trace }: Way, books: Books): Ties {
  const [outerNumber = -1, innerNumber = -1] = [trace.contracts[outer.index], trace.contracts[inner.index]]
  let ofInnerContract = books.pairs.get(innerNumber)
  if (ofInnerContract === undefined) {
    ofInnerContract = new Map()
    books.pairs.set(innerNumber, ofInnerContract)
  }
  const known = ofInnerContract.get(outerNumber)
  if (known !== undefined) return known
  if (outer.context === null || inner.context === null) return NO_TIES
  books.callees ??= calleesOf(books.frames)
  const ofOuter = books.callees.get(outer.context)
  const ofInner = books.callees.get(inner.context)
  const ties: Ties = {
    direct: ofOuter?.has(inner.context) === true || ofInner?.has(outer.context) === true,
    thirds: ofOuter === undefined || ofInner === undefined ? [] : common(ofOuter, ofInner),
  }
  ofInnerContract.set(outerNumber, ties)
  return ties
}

function common(a: ReadonlySet<Address>, b: ReadonlySet<Address>): Address[] {
  const [few, many] = a.size < b.size ? [a, b] : [b, a]
  const found: Address[] = []
  for (const address of few) {
    if (many.has(address)) found.push(address)
    if (found.length >= MOST_THIRDS) break
  }
  return found
}
