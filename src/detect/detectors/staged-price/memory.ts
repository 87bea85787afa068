import type { Asset } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import type { Births } from '../../lib/births.ts'
import { forgetOldest } from '../../lib/bounded.ts'
import { copyKin, type Kin, noKin } from './kin.ts'
import type { Questions } from './readings.ts'

/** A party's trades with a pool, summed since the first of them. Replaced, never changed. */
export type Push = {
  pool: Address
  base: Asset
  quote: Asset
  /** Seconds of the first and of the last trade. */
  from: number
  until: number
  /** Before this moment of the watch the party had not moved the price. */
  order: number
  /** Base units of `base` that the party put into the pool, less what it took out. */
  own: bigint
  /** The amount that all accounts had put in before. */
  before: bigint
}

export type State = {
  births: Births
  kin: Kin
  transactions: number
  blocks: number
  /** Questions that protected contracts ask, and others. */
  asked: Questions
  other: Questions
  /** Contracts that answer, or are called or named for it, when a protected contract asks for a price. */
  sources: Set<Address>
  /** pool and its two assets → base units of the first that all accounts put in, less what they took out */
  flows: Map<string, bigint>
  /** pool and head of a party → its trades */
  pushes: Map<string, Push>
  /** protected contract, head of a party and asset → the amount it gave less the amount it took */
  given: Map<string, bigint>
}

export const MOST_ASKED = 500
export const MOST_OTHER = 1_000
const MOST_SOURCES = 1_000
const MOST_FLOWS = 5_000
const MOST_PUSHES = 5_000
const MOST_GIVEN = 10_000

export function noState(): State {
  return {
    births: { whole: new Set(), born: new Set() },
    kin: noKin(),
    transactions: 0,
    blocks: 0,
    asked: new Map(),
    other: new Map(),
    sources: new Set(),
    flows: new Map(),
    pushes: new Map(),
    given: new Map(),
  }
}

export function copyState(state: State): State {
  const { births, kin, asked, other, sources, flows, pushes, given } = state
  return {
    ...state,
    births: { whole: new Set(births.whole), born: new Set(births.born) },
    kin: copyKin(kin),
    asked: new Map(asked),
    other: new Map(other),
    sources: new Set(sources),
    flows: new Map(flows),
    pushes: new Map(pushes),
    given: new Map(given),
  }
}

export function noteSource({ sources }: State, source: Address): void {
  sources.delete(source)
  sources.add(source)
  forgetOldest(sources, MOST_SOURCES)
}

/** A trade with a pool in one transaction, net. */
export type Trade = { pool: Address; base: Asset; quote: Asset; amount: bigint; frame: number }

/** One asset in and another out over the transaction; more liquidity, or less, moves no price. */
export function tradesIn({ facts, deltas }: TransactionFacts): Trade[] {
  const pools = new Map<Address, number>()
  for (const fact of facts)
    if (fact.kind === 'swap' && !pools.has(fact.pool)) pools.set(fact.pool, fact.frame)
  return [...pools].flatMap(([pool, entry]) => {
    const changes = [...(deltas.get(pool) ?? [])].filter(([asset]) => asset !== pool && !asset.includes('/'))
    const [one, two] = changes.sort(([a], [b]) => (a < b ? -1 : 1))
    if (one === undefined || two === undefined || changes.length > 2) return []
    if (one[1] > 0n === two[1] > 0n) return []
    const paid = facts.find((fact) => fact.kind === 'transfer' && (fact.to === pool || fact.from === pool))
    const frame = Math.min(entry, paid !== undefined && paid.frame >= 0 ? paid.frame : entry)
    return [{ pool, base: one[0] as Asset, quote: two[0] as Asset, amount: one[1], frame }]
  })
}

type Placed = { heads: readonly Address[]; at: number; order: number; window: number }

export function notePush(state: State, { pool, base, quote, amount }: Trade, placed: Placed): void {
  const { flows, pushes } = state
  const { heads, at, order, window } = placed
  const market = `${pool}:${base}:${quote}`
  const before = flows.get(market) ?? 0n
  flows.delete(market)
  flows.set(market, before + amount)
  forgetOldest(flows, MOST_FLOWS)
  for (const head of heads) {
    const key = `${market}:${head}`
    const known = pushes.get(key)
    const isOpen = known !== undefined && at - known.until <= window
    pushes.delete(key)
    pushes.set(
      key,
      isOpen
        ? { ...known, until: at, own: known.own + amount }
        : { pool, base, quote, from: at, until: at, order, own: amount, before },
    )
    forgetOldest(pushes, MOST_PUSHES)
  }
}

/** Records the amount that a party gave a protected contract, less the amount it took. */
export function noteGiven(
  { given }: State,
  { contract, head, asset, amount }: { contract: Address; head: Address; asset: Asset; amount: bigint },
): void {
  const key = `${contract}:${head}:${asset}`
  const sum = (given.get(key) ?? 0n) + amount
  given.delete(key)
  given.set(key, sum)
  forgetOldest(given, MOST_GIVEN)
}
