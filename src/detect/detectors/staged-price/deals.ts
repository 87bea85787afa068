import { firstAtLeast } from '../../../kit/sorted.ts'
import type { Asset, Frame } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import { isNamed } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact, ValuationFact } from '../../../model/fact.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { outermostStranger } from '../../lib/entries.ts'
import { sourcesOf } from './learn.ts'
import type { Push, State } from './memory.ts'
import type { StagedPriceOptions } from './options.ts'
import { headsOf } from './party.ts'
import { isPairPrice, priceIn, questionOf, readingBefore, type Series, usualPrice } from './readings.ts'

/** A payment by a protected contract that asked for a price that the paid party had moved before. */
export type Deal = {
  victim: Address
  head: Address
  paid: readonly TransferFact[]
  frames: number[]
  confidence: number
  statement: string
}

type Around = { scope: Scope; state: State; at: number; options: StagedPriceOptions }

/** Calls of one transaction that pay the actors, and price reads in each, that are weighed. */
const MOST_CALLS = 256
const MOST_LOOKS = 64
/** Seconds before the first trade within which the price must have been seen to count as known. */
const FRESH = 3_600

export function dealsOf(tx: TransactionFacts, around: Around): Deal[] {
  const { scope, state } = around
  const { frames } = tx.transaction
  const isConcerned = frames.some(({ context }) => context !== null && isNamed(scope, context))
  if (state.pushes.size === 0 || !isConcerned) return []
  const actors = actorCluster(tx, scope)
  const heads = headsOf(tx, around)
  const reads = tx.facts
    .filter((fact): fact is ValuationFact => fact.kind === 'valuation')
    .sort((one, two) => one.frame - two.frame)
  const places = reads.map(({ frame }) => frame)
  const found = new Map<string, Deal>()
  // Starting from the payments: price reads that an attacker strings together before them must not crowd out those that
  // count.
  for (const { entry, victim, paid } of payingCalls(tx, { actors, scope })) {
    const first = firstAtLeast(places, entry.index)
    for (const read of reads.slice(first, first + MOST_LOOKS)) {
      if (read.frame >= entry.end) break
      for (const { head, push } of pushesBehind(read, frames, { around, heads })) {
        const deal = judge({ read, entry, victim, paid, head, push }, tx, around)
        if (deal === undefined) continue
        const key = `${victim}:${push.pool}:${head}`
        if ((found.get(key)?.confidence ?? 0) < deal.confidence) found.set(key, deal)
      }
    }
  }
  return [...found.values()]
}

type Paying = { entry: Frame; victim: Address; paid: TransferFact[] }

/** The actors' calls into protected contracts in which they are paid, or have something minted. */
function payingCalls(
  tx: TransactionFacts,
  { actors, scope }: { actors: ReadonlySet<Address>; scope: Scope },
): Paying[] {
  const { frames } = tx.transaction
  const calls = new Map<number, Paying>()
  const pools = new Set(tx.facts.flatMap((fact) => (fact.kind === 'swap' ? [fact.pool] : [])))
  for (const fact of tx.facts) {
    if (calls.size >= MOST_CALLS) break
    if (fact.kind !== 'transfer' || fact.amount === 0n || !actors.has(fact.to) || actors.has(fact.from))
      continue
    const entry = outermostStranger(fact.frame, { frames, actors })
    if (entry === undefined || entry.context === null || !isNamed(scope, entry.context)) continue
    const victim = entry.context
    if (!isPayment(fact, victim, { tx, pools })) continue
    const known = calls.get(entry.index)
    if (known === undefined) calls.set(entry.index, { entry, victim, paid: [fact] })
    else known.paid.push(fact)
  }
  return [...calls.values()]
}

/**
 * True for a payment: an account that passes on what came in, as a router does, pays nothing, and a pool that trades
 * gets something in return. Claims that are minted are paid by all who hold some.
 */
function isPayment(
  { from, asset }: TransferFact,
  victim: Address,
  { tx, pools }: { tx: TransactionFacts; pools: ReadonlySet<Address> },
): boolean {
  if (from === ZERO_ADDRESS) return true
  return (from === victim || !pools.has(from)) && (tx.deltas.get(from)?.get(asset) ?? 0n) < 0n
}

type Behind = { around: Around; heads: readonly Address[] }

/** The earlier trades of the acting parties with pools that the answer comes from. */
function pushesBehind(
  read: ValuationFact,
  frames: readonly Frame[],
  { around: { state, at, options }, heads }: Behind,
): { head: Address; push: Push }[] {
  const frame = frames[read.frame]
  if (frame === undefined) return []
  const sources = new Set(sourcesOf(frame, frames))
  return heads.flatMap((head) =>
    [...(byHead(state).get(head) ?? [])].flatMap((push) =>
      sources.has(push.pool) && at - push.until <= options.windowSeconds ? [{ head, push }] : [],
    ),
  )
}

/** Needed for each price read: kept until the trades change. */
const indexes = new WeakMap<Map<string, Push>, { size: number; transactions: number; heads: Heads }>()
type Heads = ReadonlyMap<Address, readonly Push[]>

function byHead({ pushes, transactions }: State): Heads {
  const known = indexes.get(pushes)
  if (known?.transactions === transactions) return known.heads
  const heads = new Map<Address, Push[]>()
  for (const [key, push] of pushes) {
    const head = key.slice(key.lastIndexOf(':') + 1) as Address
    const others = heads.get(head)
    if (others === undefined) heads.set(head, [push])
    else others.push(push)
  }
  indexes.set(pushes, { size: pushes.size, transactions, heads })
  return heads
}

type Candidate = {
  read: ValuationFact
  entry: Frame
  victim: Address
  paid: readonly TransferFact[]
  head: Address
  push: Push
}

function judge(candidate: Candidate, tx: TransactionFacts, around: Around): Deal | undefined {
  const { read, entry, victim, paid, head, push } = candidate
  const { state, at, options } = around
  const input = tx.transaction.frames[read.frame]?.input ?? '0x'
  const now = priceIn(input, read.answer)
  const key = questionOf(read, input)
  const series = state.asked.get(key) ?? state.other.get(key)
  if (now === undefined || series === undefined || !isOwnWork(push, state)) return undefined
  const base = baselineOf(series, { now, push, at, window: options.windowSeconds })
  if (base === undefined) return undefined
  const moveBps = Math.expm1(Math.abs(now - base.price)) * 10_000
  if (moveBps < options.minMoveBps) return undefined
  // A larger amount of the first asset in the pool makes it cheaper in the second.
  if (isPairPrice(input) && push.own > 0n === now > base.price) return undefined
  const worth = worthOf({ ...candidate, input, price: base.price }, tx, state)
  if (worth !== undefined && worth.excess <= 0n) return undefined
  const isAlarm = moveBps >= options.alarmMoveBps && base.isFresh
  const confidence = isAlarm ? 0.7 + (worth === undefined ? 0 : 0.1) + (moveBps >= 10_000 ? 0.1 : 0) : 0.55
  const factor = Math.exp(Math.abs(now - base.price)).toFixed(2)
  const more =
    worth === undefined
      ? ''
      : `, ${worth.excess} of ${worth.asset} more than all that the party gave is worth at the price before`
  const statement = `${head} traded with pool ${push.pool} in earlier transactions, and ${victim} paid the party while the price that it asks for (frame ${read.frame}) is a factor of ${factor} from what it was before${more}`
  return { victim, head, paid, confidence, statement, frames: [entry.index, read.frame] }
}

/** At least half of the net amount that went into the pool since the party's first trade is the party's. */
function isOwnWork({ pool, base, quote, own, before }: Push, { flows }: State): boolean {
  const all = (flows.get(`${pool}:${base}:${quote}`) ?? 0n) - before
  if (own === 0n || all === 0n || own > 0n !== all > 0n) return false
  return (own < 0n ? -own : own) * 2n >= (all < 0n ? -all : all)
}

type Known = { now: number; push: Push; at: number; window: number }

/**
 * The price before the trades: the one before the party's first trade or the usual one by time over the window,
 * whichever is nearer to the present price. So neither a party that moves a price back nor a lasting price is far from
 * it. Undefined where the two are on either side of the present price.
 */
function baselineOf(
  series: Series,
  { now, push, at, window }: Known,
): { price: number; isFresh: boolean } | undefined {
  const before = readingBefore(series, push.order)
  const usual = usualPrice(series, { at, window })
  if (before === undefined || usual === undefined) return undefined
  if (now > before.price !== now > usual) return undefined
  const price = Math.abs(now - before.price) < Math.abs(now - usual) ? before.price : usual
  return { price, isFresh: push.from - before.until <= FRESH }
}

type Valued = Candidate & { input: Hex; price: number }

/**
 * The amount by which the party's takings of one asset of the pair exceed the worth of all that it gave of the other,
 * at a price; undefined where it was not seen to give any, another asset was paid, or another account paid. Prices are
 * floating-point: exact to some fifteen digits.
 */
function worthOf(
  { input, price, push, paid, victim, head }: Valued,
  tx: TransactionFacts,
  { given }: State,
): { asset: Asset; excess: bigint } | undefined {
  const asset = paid.find((move) => move.asset === push.base || move.asset === push.quote)?.asset
  // Where others keep the money, the party's earlier takings are unknown.
  const isOwn = paid.every(({ from }) => from === victim)
  if (asset === undefined || !isOwn || !isPairPrice(input)) return undefined
  const other = asset === push.base ? push.quote : push.base
  const changes = tx.deltas.get(victim)
  const netOf = (of: Asset): bigint => (given.get(`${victim}:${head}:${of}`) ?? 0n) + (changes?.get(of) ?? 0n)
  const security = netOf(other)
  if (security <= 0n) return undefined
  const perUnit = Math.exp(asset === push.quote ? price : -price)
  const value = BigInt(Math.floor(Number(security) * perUnit))
  return { asset, excess: -netOf(asset) - value }
}
