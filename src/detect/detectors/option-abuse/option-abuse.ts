import { z } from 'zod'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { type Remembered, withMemory } from '../../lib/per-transaction.ts'
import { takeIssues } from './issues.ts'
import { isOption, judgeCounted, judgePosition, judgeRate, positionOf, seriesKey } from './judge.ts'
import { emptyMemory, keep, type Memory, noteRate, rateOf } from './memory.ts'
import { type Payout, payoutsOf } from './payouts.ts'
import { judgePrices, notePrices, noteRelied } from './settlement.ts'
import { takeFunctions } from './unclaimed.ts'

const options = z.strictObject({
  /** Exercises (issues) of a series that are required before there is a norm. */
  minSeen: z.number().int().min(1).default(2),
  /** The payout limit per unit, as a multiple, in basis points, of the best one before. */
  maxRateBps: z.number().int().min(10_000).default(12_500),
  /** Seconds that must pass between an expiry and the moment its price is set. */
  minDelaySeconds: z.number().int().min(0).default(0),
  /**
   * A settlement price that moves further than this from the previous one, basis points, must not come from the account
   * that it pays.
   */
  maxPriceMoveBps: z.number().int().min(1).default(5_000),
})
type Options = z.infer<typeof options>

/**
 * Option abuse. An option is exercised beyond its collateral or twice: more per unit than any other exercise of the
 * series, or than its writers posted; one payment counted several times; a position paid again; no claim taken. Or
 * options are issued for free, or paid at a price that was set too early or by the accounts that it pays. Honest
 * exercises of one settled series all pay the same; series of different strikes have separate norms; American options,
 * whose price moves, are judged only by several equal payments for one lot; partial exercises name an amount.
 */
export const optionAbuse = withMemory<Memory, Options>({
  id: 'option-abuse',
  title: 'An option paid twice or beyond its collateral, or was issued or settled wrongly',
  options,
  init: emptyMemory,
  stateVersion: 1,
  evaluate,
})

function evaluate(tx: TransactionFacts, { input, memory, options }: Remembered<Memory, Options>): Finding[] {
  const { scope, facts } = input
  notePrices(tx, input, memory)
  const actors = actorCluster(tx, scope)
  const payouts = payoutsOf(tx, scope, facts.bundle.timestamp)
  const claims: Claim[] = [
    ...judgeCounted(tx, (address) => inScope(scope, address)),
    ...takeIssues({ tx, actors, scope }, memory, options),
    ...takeFunctions(tx, input, { payouts, memory }),
  ]
  for (const payout of payouts) {
    const against = [
      ...judgeRate(payout, memory, options),
      ...judgePosition(payout, memory),
      ...judgePrices(payout, memory, { tx, actors, norms: options }),
    ]
    claims.push(...against)
    // An attack must not become the norm.
    if (against.length === 0) learn(payout, tx, memory)
  }
  return findingFrom(claims, { detector: 'option-abuse', tx, actors, scope, bundle: facts.bundle })
}

/** The payment per unit is recorded for every claim: it may later prove to be an option. */
function learn(payout: Payout, tx: TransactionFacts, memory: Memory): void {
  const { vault, claim, claims, paid } = payout
  if (claims > 0n) noteRate(memory.payouts, seriesKey(payout), rateOf(paid, claims))
  if (!isOption(payout, memory)) return
  noteRelied(payout, memory)
  const position = positionOf(payout, memory)
  if (position !== undefined) {
    const closed = position.issued && isBurned(position.id, tx)
    keep(memory.paid, position.key, { hash: tx.transaction.hash, input: payout.entry.input, closed })
  }
  if (claims > 0n) keep(memory.options, `${vault}:${claim}`, true)
}

function isBurned(id: bigint, tx: TransactionFacts): boolean {
  return tx.facts.some((it) => it.kind === 'transfer' && it.tokenId === id && it.to === ZERO_ADDRESS)
}
