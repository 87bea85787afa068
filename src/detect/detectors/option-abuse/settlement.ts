import type { DetectorInput } from '../../../model/detector.ts'
import { isNamed } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { isEntry, wordsOf } from '../../lib/entries.ts'
import { CATEGORY } from './judge.ts'
import type { Memory, PriceSet } from './memory.ts'
import { keep, notePrice } from './memory.ts'
import type { Payout, PriceAnswer } from './payouts.ts'
import { isTime } from './payouts.ts'

export type SettlementNorms = { minDelaySeconds: number; maxPriceMoveBps: number }

/** Records the prices written into price sources: those in scope, and those relied on before. */
export function notePrices(tx: TransactionFacts, { facts, scope }: DetectorInput, memory: Memory): void {
  const { frames, from, hash } = tx.transaction
  const now = facts.bundle.timestamp
  if (now === null) return
  for (const frame of frames) {
    const { context } = frame
    if (context === null || frame.type !== 'CALL') continue
    if (!memory.prices.has(context) && !isNamed(scope, context)) continue
    if (!isEntry(frame, frames)) continue
    const words = wordsOf(frame)
    if (words.length < 2 || !words.some((word) => isTime(word, BigInt(now)))) continue
    notePrice(memory.prices, context, { words, at: now, by: from, hash })
  }
}

export type Relying = { tx: TransactionFacts; actors: ReadonlySet<Address>; norms: SettlementNorms }

/** The claims against the prices at which a vault paid. */
export function judgePrices(payout: Payout, memory: Memory, relying: Relying): Claim[] {
  return payout.settled.flatMap((answer) => {
    const set = memory.prices
      .get(answer.source)
      ?.findLast(({ words }) => words.includes(answer.time) && words.includes(answer.price))
    if (set === undefined) return []
    const reason = tooEarly(answer, set, relying.norms) ?? outOfBounds(answer, set, { memory, ...relying })
    return reason === undefined ? [] : [claimOf(payout, answer, reason)]
  })
}

type Reason = { confidence: number; text: string; setIn: string }

function tooEarly({ time }: PriceAnswer, { at, hash }: PriceSet, norms: SettlementNorms): Reason | undefined {
  if (at === null || BigInt(at) >= time + BigInt(norms.minDelaySeconds)) return undefined
  const early = time + BigInt(norms.minDelaySeconds) - BigInt(at)
  return { confidence: 0.85, text: `was set ${early} seconds before its time had come`, setIn: hash }
}

/** Ignores a halved price unless the account that gained also moved it. */
function outOfBounds(
  { source, price, beside }: PriceAnswer,
  { by, hash }: PriceSet,
  { memory, tx, actors, norms }: Relying & { memory: Memory },
): Reason | undefined {
  const isOwn = hash === tx.transaction.hash || (by !== null && actors.has(by as Address))
  const before = memory.relied.get(`${source}${beside}`) ?? quotedIn(tx, price)
  if (!isOwn || before === undefined || before === 0n) return undefined
  const move = ((price - before) * 10_000n) / before
  if (move <= BigInt(norms.maxPriceMoveBps) && move >= -BigInt(norms.maxPriceMoveBps)) return undefined
  return {
    confidence: 0.8,
    text: `was set by those whom it pays, ${Number(move) / 100} % from the price known before (${before})`,
    setIn: hash,
  }
}

/** A quote that was read in the transaction and has the same scale. */
function quotedIn(tx: TransactionFacts, price: bigint): bigint | undefined {
  for (const fact of tx.facts) {
    if (fact.kind !== 'valuation') continue
    const quote = fact.answer.find((word) => word * 10n > price && word < price * 10n)
    if (quote !== undefined) return quote
  }
  return undefined
}

function claimOf({ vault, entry, paid, asset }: Payout, answer: PriceAnswer, reason: Reason): Claim {
  return {
    contract: vault,
    victims: [answer.source],
    confidence: reason.confidence,
    categories: [CATEGORY, 'settlement', 'price-manipulation'],
    statement: `${vault} paid ${paid} of ${asset} at the settlement price ${answer.price} of ${answer.source}, which ${reason.text} (transaction ${reason.setIn}).`,
    frames: [entry.index, answer.frame],
  }
}

/** Remembers the price sources that were relied on, and their prices. */
export function noteRelied(payout: Payout, memory: Memory): void {
  for (const { source, price, beside } of payout.settled) {
    if (!memory.prices.has(source)) keep(memory.prices, source, [])
    keep(memory.relied, `${source}${beside}`, price)
  }
}
