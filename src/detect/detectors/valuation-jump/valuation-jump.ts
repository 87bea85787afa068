import { z } from 'zod'
import type { Frame } from '../../../model/block.ts'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact, ValuationFact } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { isWithin, outermostStranger } from '../../lib/entries.ts'
import { oneSidedLoss } from '../../lib/parties.ts'
import { perTransaction } from '../../lib/per-transaction.ts'

const options = z.strictObject({
  /** The minimum move of a value between two reads in one transaction, basis points. Interest moves it by far less. */
  minMoveBps: z.number().int().min(1).default(200),
})
type Options = z.infer<typeof options>

/**
 * Donation and inflation: in one transaction the same query for a share price, an exchange rate or a quote gets a much
 * better answer than before, because the actors moved the values that it is computed from (a direct transfer to a
 * vault), and the contract that makes the second query pays them without return. The price-manipulation detector covers
 * reserves and slots of pools. Harvests and rebases move values too, but their caller is not paid for them; interest
 * moves them by less than the bound.
 */
export const valuationJump: Detector = perTransaction({
  id: 'valuation-jump',
  title: 'A value jumped within a transaction and somebody paid on it',
  yieldsToOwners: true,
  options,
  yieldsToMev: true,
  evaluate,
})

/** getReserves, slot0 and observe return states, not values that rise and fall. */
const STATES: ReadonlySet<Hex> = new Set(['0x0902f1ac', '0x3850c7bd', '0x883bdbfd'])

/** Maximum jumps reported per transaction. */
const MOST_JUMPS = 64

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput, options: Options): Finding[] {
  const { frames } = tx.transaction
  const first = new Map<string, ValuationFact>()
  const claims: Claim[] = []
  let actors: ReadonlySet<Address> | undefined
  for (const fact of tx.facts) {
    if (fact.kind !== 'valuation' || STATES.has(fact.selector)) continue
    const question = `${fact.source}${frames[fact.frame]?.input}`
    const before = first.get(question)
    if (before === undefined) {
      first.set(question, fact)
      continue
    }
    const move = moveBps(before, fact)
    if (move === undefined || Math.abs(move) < options.minMoveBps) continue
    actors ??= actorCluster(tx, scope)
    const claim = claimOf({ before, after: fact, move }, tx, actors)
    if (claim !== undefined && [claim.contract, ...claim.victims].some((it) => inScope(scope, it)))
      claims.push(claim)
    if (claims.length >= MOST_JUMPS) break
  }
  return actors === undefined
    ? []
    : findingFrom(claims, { detector: 'valuation-jump', tx, actors, scope, bundle: facts.bundle })
}

/** The move of the answer, basis points; undefined where there is nothing to compare. */
function moveBps(before: ValuationFact, after: ValuationFact): number | undefined {
  const [was] = before.answer
  const [is] = after.answer
  if (was === undefined || is === undefined || was === 0n) return undefined
  const move = ((is - was) * 10_000n) / was
  return move > 1_000_000n ? 1_000_000 : Number(move)
}

type Jump = { before: ValuationFact; after: ValuationFact; move: number }

function claimOf(
  { before, after, move }: Jump,
  tx: TransactionFacts,
  actors: ReadonlySet<Address>,
): Claim | undefined {
  const asker = outermostStranger(after.frame, { frames: tx.transaction.frames, actors })
  if (asker === undefined || asker.context === null) return undefined
  const payout = tx.facts.find((fact) => isPayout(fact, asker, { tx, actors }))
  if (payout?.kind !== 'transfer') return undefined
  const donation = tx.facts.find((fact) =>
    isDonation(fact, { from: before.frame, to: after.frame, source: after.source, tx, actors }),
  )
  const how = donation === undefined ? '' : ` after a direct transfer to it in frame ${donation.frame}`
  return {
    contract: asker.context,
    victims: [after.source],
    confidence: donation === undefined ? 0.68 : 0.87,
    categories: [donation === undefined ? 'price-manipulation' : 'donation'],
    statement: `The value that ${after.source} tells moved by ${(move / 100).toFixed(1)} % between frames ${before.frame} and ${after.frame}${how}; ${asker.context}, which asked it, paid ${payout.amount} of ${payout.asset}.`,
    frames: [before.frame, after.frame, payout.frame, ...(donation === undefined ? [] : [donation.frame])],
    amounts: [{ account: payout.to, asset: payout.asset, amount: payout.amount }],
  }
}

type Around = { tx: TransactionFacts; actors: ReadonlySet<Address> }

function isPayout(
  fact: TransactionFacts['facts'][number],
  asker: Frame,
  { tx, actors }: Around,
): fact is TransferFact {
  if (fact.kind !== 'transfer' || fact.frame < asker.index || fact.frame >= asker.end || fact.amount === 0n)
    return false
  return (
    actors.has(fact.to) && !actors.has(fact.from) && fact.from !== ZERO_ADDRESS && oneSidedLoss(tx, fact.from)
  )
}

type Between = Around & { from: number; to: number; source: Address }

/** A transfer directly to the valued contract while it did not have control: ordinary deposits differ. */
function isDonation(
  fact: TransactionFacts['facts'][number],
  { from, to, source, tx, actors }: Between,
): boolean {
  if (fact.kind !== 'transfer' || fact.frame <= from || fact.frame >= to || fact.to !== source) return false
  return actors.has(fact.from) && !isWithin(source, fact.frame, tx.transaction.frames)
}
