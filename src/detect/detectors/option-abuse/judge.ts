import type { Asset } from '../../../model/block.ts'
import type { ActionFact, TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { wordsOf } from '../../lib/entries.ts'
import type { Memory, Rate } from './memory.ts'
import { isFixed, rateOf } from './memory.ts'
import type { Bare, Payout } from './payouts.ts'

export const CATEGORY = 'option-abuse'

/** Rates on fewer base units paid than this are dominated by rounding. */
const DUST = 1_000n

export type Norms = { minSeen: number; maxRateBps: number }

export function seriesKey({ vault, claim, asset }: Pick<Payout, 'vault' | 'claim' | 'asset'>): string {
  return `${vault}:${claim}:${asset}`
}

export function isOption({ vault, claim, named, settled }: Payout, memory: Memory): boolean {
  return (
    (named !== null && named !== 'withdraw') || settled.length > 0 || memory.options.has(`${vault}:${claim}`)
  )
}

/** The claims against the rate of a payout. */
export function judgeRate(payout: Payout, memory: Memory, norms: Norms): Claim[] {
  if (!isOption(payout, memory) || payout.paid < DUST || payout.claims === 0n) return []
  const rate = rateOf(payout.paid, payout.claims)
  const known = memory.payouts.get(seriesKey(payout))
  const backing = memory.backings.get(seriesKey(payout))
  const verdict = overNorm(rate, payout, { known, norms }) ?? overBacking(rate, payout, { backing, norms })
  return verdict === undefined ? [] : [claimAgainst(payout, verdict)]
}

type Verdict = { confidence: number; reason: string }

function exceeds(rate: bigint, high: bigint, bps: number): boolean {
  return rate * 10_000n > high * BigInt(bps)
}

/**
 * A settled series pays every holder the same; a series that follows the market (American) does not. There, only
 * several equal payments for one lot of claims, well above the best price so far, give a remark.
 */
function overNorm(
  rate: bigint,
  { repeats }: Payout,
  { known, norms }: { known: Rate | undefined; norms: Norms },
): Verdict | undefined {
  if (known === undefined || known.seen < norms.minSeen || !exceeds(rate, known.high, norms.maxRateBps))
    return undefined
  const reason = `${times(rate, known.high)} times the best price of ${known.seen} earlier exercises of the series`
  if (isFixed(known))
    return { confidence: repeats > 1 ? 0.95 : 0.9, reason: `${reason}, which were all alike` }
  return repeats > 1 ? { confidence: 0.7, reason: `${reason}, in ${repeats} equal payments` } : undefined
}

/** All writers of one series post the same amount per unit: no holder can be owed more. Buyers' premiums differ. */
function overBacking(
  rate: bigint,
  { repeats }: Payout,
  { backing, norms }: { backing: Rate | undefined; norms: Norms },
): Verdict | undefined {
  if (backing === undefined || !isFixed(backing) || !exceeds(rate, backing.high, 10_100)) return undefined
  if (repeats === 1 && backing.seen < Math.max(3, norms.minSeen)) return undefined
  return {
    confidence: repeats > 1 ? 0.9 : 0.75,
    reason: `${times(rate, backing.high)} times what its writers had posted for it in ${backing.seen} issues`,
  }
}

function times(rate: bigint, norm: bigint): string {
  return norm === 0n ? 'many' : (Number((rate * 100n) / norm) / 100).toFixed(2)
}

export function claimAgainst(payout: Bare, { confidence, reason }: Verdict): Claim {
  const { vault, paid, asset, claims, claim, entry, receivers } = payout
  const taken = claim === null ? '' : ` for ${claims} of ${claim}`
  return {
    contract: vault,
    victims: [],
    confidence,
    categories: [CATEGORY],
    statement: `${vault} paid ${paid} of ${asset}${taken}: ${reason}.`,
    frames: [entry.index],
    amounts: [...receivers].map((account) => ({ account, asset, amount: paid })),
  }
}

/** A position that was fully paid, or that names no amount, is paid again. */
export function judgePosition(payout: Payout, memory: Memory): Claim[] {
  const position = positionOf(payout, memory)
  if (position === undefined) return []
  const before = memory.paid.get(position.key)
  if (before === undefined || (!before.closed && before.input !== payout.entry.input)) return []
  const confidence = before.closed || position.issued ? 0.9 : 0.6
  return [
    claimAgainst(payout, {
      confidence,
      reason: `position ${position.id} was paid before, in ${before.hash}`,
    }),
  ]
}

type Position = { key: string; id: bigint; issued: boolean }

/** Ids are sequential; a larger number may be an amount. */
const MOST_COUNTED = 1_000_000n

/**
 * The single position that a payout is for: an id in the call for which the vault had issued a token, or the only word
 * of an `exercise`. An amount next to it means that it may be exercised in parts.
 */
export function positionOf(payout: Payout, memory: Memory): Position | undefined {
  const { vault, entry, claim, named, settled } = payout
  if (claim !== null || (named !== 'exercise' && settled.length === 0)) return undefined
  const words = wordsOf(entry)
  const id = words.find((word) => memory.positions.has(`${vault}${word}`))
  const others = words.filter((word) => word !== id && word >> 64n === 0n)
  if (id !== undefined) return others.length > 0 ? undefined : { key: `${vault}#${id}`, id, issued: true }
  const [only] = words
  if (named !== 'exercise' || words.length !== 1 || only === undefined || only > MOST_COUNTED)
    return undefined
  return { key: `${vault}#${only}`, id: only, issued: false }
}

/** The logs of exercises claim more payments to the vault than it received: one payment counted several times. */
export function judgeCounted(tx: TransactionFacts, vaults: (address: Address) => boolean): Claim[] {
  const told = new Map<string, { vault: Address; asset: Asset; amount: bigint; frames: number[] }>()
  for (const fact of tx.facts) {
    if (!isExerciseLog(fact) || !vaults(fact.contract)) continue
    for (const { asset, amount } of fact.given) {
      if (asset === null) continue
      const key = `${fact.contract}${asset}`
      const known = told.get(key) ?? { vault: fact.contract, asset, amount: 0n, frames: [] }
      told.set(key, { ...known, amount: known.amount + amount, frames: [...known.frames, fact.frame] })
    }
  }
  return [...told.values()].flatMap(({ vault, asset, amount, frames }) => {
    const came = receivedBy(vault, asset, tx)
    if (frames.length < 2 || came === 0n || amount * 100n <= came * 101n) return []
    return [
      {
        contract: vault,
        victims: [],
        confidence: 0.9,
        categories: [CATEGORY],
        statement: `${vault} counted ${amount} of ${asset} as given in ${frames.length} exercises, and ${came} came in: one payment was good for several.`,
        frames,
      },
    ]
  })
}

function isExerciseLog(fact: TransactionFacts['facts'][number]): fact is ActionFact {
  return fact.kind === 'action' && fact.action === 'exercise' && fact.source === 'log'
}

function receivedBy(vault: Address, asset: Asset, tx: TransactionFacts): bigint {
  let came = 0n
  for (const fact of tx.facts)
    if (fact.kind === 'transfer' && fact.asset === asset && (fact.to === vault || fact.to === ZERO_ADDRESS))
      came += fact.amount
  return came
}
