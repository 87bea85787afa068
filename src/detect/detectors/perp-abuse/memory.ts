import type { Address } from '../../../model/hex.ts'
import { forgetOldest } from '../../lib/bounded.ts'

export const CATEGORY = 'perp-abuse'

/** A price that a sender moved, by a trade or by a report, and the payment that it got on it meanwhile. */
export type Push = {
  /** The pool, or the source of prices. */
  source: Address
  block: number
  hash: string
  /** By a trade: the assets sold and bought. By a report: null. */
  trade: { assetIn: string; assetOut: string; amountOut: bigint } | null
  moveBps: number
  paidBy: Address | null
  paidIn: string | null
}

/**
 * The payments of a fund with a liquidation in the transaction and without one, and how often another account was
 * closed then.
 */
export type FundPast = { liquidations: number; others: number; deleveraged: number }

/** The whole memory; each map is bounded. */
export type Memory = {
  /** created contract → the sender that made it, directly or through contracts that it made */
  makers: Map<Address, Address>
  /** The senders that made any of them: nearly all senders made none, and are not searched for in every frame. */
  made: Map<Address, true>
  /** pool + assets of a trade → its last price (out · 1e18 / in) */
  trades: Map<string, bigint>
  /** source + question → the last answer that a position was settled by */
  marks: Map<string, bigint>
  /** source → its last answer to anything */
  sources: Map<Address, bigint>
  /** sender → its latest pushes */
  pushes: Map<Address, Push[]>
  /** fund → its past */
  funds: Map<Address, FundPast>
}

const MOST = 50_000
const MOST_PUSHES = 16

export function emptyMemory(): Memory {
  return {
    makers: new Map(),
    made: new Map(),
    trades: new Map(),
    marks: new Map(),
    sources: new Map(),
    pushes: new Map(),
    funds: new Map(),
  }
}

export function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key)
  map.set(key, value)
  forgetOldest(map, MOST)
}

export function notePush(memory: Memory, sender: Address, push: Push): void {
  keep(memory.pushes, sender, [...(memory.pushes.get(sender) ?? []), push].slice(-MOST_PUSHES))
}
