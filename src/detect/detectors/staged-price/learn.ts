import type { Frame } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import { isNamed } from '../../../model/detector.ts'
import type { BlockFacts, TransactionFacts, ValuationFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { wordAt } from '../../../model/hex.ts'
import type { StateCall } from '../../../model/state-read.ts'
import { addressesIn } from '../../lib/entries.ts'
import { ally, headOf } from './kin.ts'
import { MOST_ASKED, MOST_OTHER, noteGiven, notePush, noteSource, type State, tradesIn } from './memory.ts'
import { giversOf, headsOf, tradersOf } from './party.ts'
import { noteReading, priceIn, questionOf } from './readings.ts'

/** Positions per transaction in the order of the watch: each of its frames gets its own. */
const ORDERS = 2 ** 20
/** Price reads of one transaction that are remembered, and frames under one that are examined. */
const MOST_LOOKS = 128
const MOST_UNDER = 64

export function orderOf({ transactions }: State, frame: number): number {
  return transactions * ORDERS + Math.min(frame + 1, ORDERS - 1)
}

type Learning = { scope: Scope; state: State; at: number; window: number }

/** Remembers the prices, trades and payments of a transaction, after it was judged. */
export function learn(tx: TransactionFacts, { scope, state, at, window }: Learning): void {
  const { frames } = tx.transaction
  let [looks, wanted] = [0, 0]
  const asked = underNamed(frames, scope)
  for (const fact of tx.facts) {
    if (fact.kind !== 'valuation') continue
    const frame = frames[fact.frame]
    if (frame === undefined) continue
    const isAsked = asked[fact.frame] === 1
    // Reads of protected contracts come first: an attacker may string others together before them.
    if (isAsked ? ++wanted > MOST_LOOKS : ++looks > MOST_LOOKS) continue
    if (isAsked) for (const source of sourcesOf(frame, frames)) noteSource(state, source)
    noteAnswer(fact, frame, { state, at, isAsked })
  }
  for (const [account, giver] of giversOf(tx, { scope, state })) ally(account, giver, state.kin)
  const heads = headsOf(tx, { scope, state })
  for (const trade of tradesIn(tx)) {
    if (!isNamed(scope, trade.pool))
      notePush(state, trade, {
        ...{ at, window, order: orderOf(state, trade.frame) },
        heads: [...new Set([...heads, ...tradersOf(tx, trade, { scope, state })])],
      })
  }
  notePayments(tx, { scope, state, heads })
}

function noteAnswer(
  { source, answer }: ValuationFact,
  { input, index }: Frame,
  { state, at, isAsked }: { state: State; at: number; isAsked: boolean },
): void {
  const price = priceIn(input, answer)
  if (price === undefined) return
  const isKept = isAsked || state.asked.has(questionOf({ source }, input))
  const [questions, most] = isKept ? [state.asked, MOST_ASKED] : [state.other, MOST_OTHER]
  const key = questionOf({ source }, input)
  const before = state.other.get(key)
  if (isKept && before !== undefined) {
    // The answers known before a protected contract asked.
    if (!state.asked.has(key)) state.asked.set(key, before)
    state.other.delete(key)
  }
  const seen = { price, at, order: orderOf(state, index), block: state.blocks, most }
  noteReading(questions, { to: source, data: input }, seen)
}

/** 1 for each frame that a protected contract, or one that it called, made. */
function underNamed(frames: readonly Frame[], scope: Scope): Uint8Array {
  const under = new Uint8Array(frames.length)
  for (const { index, parent } of frames) {
    const caller = frames[parent]
    if (caller === undefined) continue
    if (under[parent] === 1 || (caller.context !== null && isNamed(scope, caller.context))) under[index] = 1
  }
  return under
}

/** The contracts that are asked, and those that they call or name. */
export function sourcesOf(frame: Frame, frames: readonly Frame[]): Address[] {
  const found = new Set<Address>()
  for (let i = frame.index; i < Math.min(frame.end, frame.index + MOST_UNDER); i++) {
    const under = frames[i]
    if (under === undefined) break
    if (under.to !== null) found.add(under.to)
    for (const named of addressesIn(under)) found.add(named)
  }
  return [...found]
}

type Paying = Pick<Learning, 'scope' | 'state'> & { heads: readonly Address[] }

/**
 * Records the amounts that all acting parties, and all payers and payees, gave protected contracts and took from them.
 */
function notePayments(tx: TransactionFacts, { scope, state, heads }: Paying): void {
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.tokenId !== null || fact.amount === 0n) continue
    const { from, to, asset, amount } = fact
    for (const [contract, account, change] of [
      [to, from, amount],
      [from, to, -amount],
    ] as const) {
      if (!isNamed(scope, contract) || asset === contract || isNamed(scope, account)) continue
      for (const head of new Set([...heads, headOf(account, state.kin)]))
        noteGiven(state, { contract, head, asset, amount: change })
    }
  }
}

/** Blocks after which a price that protected contracts ask for is read again, where no transaction asked meanwhile. */
const STALE = 5
const MOST_WANTED = 24

/** The questions on the state after the next block: a price that no one read has no past. */
export function pricesWanted({ asked, blocks }: State): StateCall[] {
  const wanted: StateCall[] = []
  for (const { to, data, askedAt } of asked.values()) {
    if (wanted.length >= MOST_WANTED) break
    if (blocks - askedAt >= STALE) wanted.push({ to, data })
  }
  return wanted
}

/** Takes the answers: they are prices after the block, so call this when its transactions have been judged. */
export function takePrices(state: State, { reads = [], bundle }: BlockFacts): void {
  const at = bundle.timestamp
  if (at === null) return
  for (const { to, data, answer } of reads) {
    const series = state.asked.get(questionOf({ source: to }, data))
    if (series === undefined) continue
    const words = [0, 1].map((n) => BigInt(`0x${wordAt(answer ?? '0x', n) ?? '0'}`))
    const price = priceIn(data, words)
    const last = series.readings.at(-1)
    // A source that gave no answer is not asked at every block.
    const seen = price ?? last?.price
    if (seen === undefined) continue
    const order = orderOf(state, ORDERS)
    noteReading(state.asked, series, { price: seen, at, order, block: state.blocks, most: MOST_ASKED })
  }
}
