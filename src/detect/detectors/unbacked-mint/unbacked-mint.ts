import { z } from 'zod'
import { entryFrame } from '../../../model/block.ts'
import type { Detector, DetectorInput, Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { selectorOf, wordAt, ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { oneSidedLoss } from '../../lib/parties.ts'
import { perTransaction } from '../../lib/per-transaction.ts'

const TOTAL_SUPPLY = '0x18160ddd'

const options = z.strictObject({
  /** A mint this large relative to the supply read in the same transaction, in basis points, requires backing. */
  minSupplyBps: z.number().int().min(1).default(500),
})
type Options = z.infer<typeof options>

/**
 * Unbacked mint: claims are minted to the actors by a minter that received nothing for them: it ends the transaction
 * poorer, or the mint is large relative to the supply and the actors paid nothing at all. Deposits bring the minter
 * something; rewards are small relative to the supply; bridges mint for a message, and stay below the bound without a
 * report.
 */
export const unbackedMint: Detector = perTransaction({
  id: 'unbacked-mint',
  title: 'Claims were minted and nothing came in for them',
  options,
  evaluate,
})

type Mint = { token: Address; minter: Address; to: Address; amount: bigint; frame: number }

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput, options: Options): Finding[] {
  const actors = actorCluster(tx, scope)
  const around = { tx, scope, options, hasPaid: paidSomething(tx, actors), supplies: suppliesRead(tx) }
  const judged = mintsTo(actors, tx)
    .filter(({ token, minter }) => inScope(scope, token) || inScope(scope, minter))
    .map((mint) => ({ mint, verdict: judge(mint, around) }))
  return findingFrom(
    judged.flatMap(({ mint, verdict }) => (verdict === undefined ? [] : [claimOf(mint, verdict)])),
    { detector: 'unbacked-mint', tx, actors, scope, bundle: facts.bundle },
  )
}

function claimOf(mint: Mint, { confidence, reason }: Verdict): Claim {
  return {
    contract: mint.minter,
    victims: [mint.token],
    confidence,
    categories: ['unbacked-mint'],
    statement: `${mint.minter} minted ${mint.amount} of ${mint.token} to ${mint.to}: ${reason}.`,
    frames: [mint.frame],
    amounts: [{ account: mint.to, asset: mint.token, amount: mint.amount }],
  }
}

function mintsTo(actors: ReadonlySet<Address>, tx: TransactionFacts): Mint[] {
  const { frames } = tx.transaction
  return tx.facts.flatMap((fact) => {
    if (fact.kind !== 'transfer' || fact.from !== ZERO_ADDRESS || fact.asset === 'native') return []
    if (!actors.has(fact.to) || fact.amount === 0n || fact.tokenId !== null) return []
    const minter = entryFrame(fact.asset, fact.frame, frames)?.from
    // A minter that calls the token itself paid the token: wrapped coins and vault shares.
    if (!minter || actors.has(minter) || isInterest(fact, tx)) return []
    return [{ token: fact.asset, minter, to: fact.to, amount: fact.amount, frame: fact.frame }]
  })
}

/** A hundredth of what moves of the token in the same account: tokens that bear interest mint it whenever they move. */
function isInterest({ asset, to, amount }: TransferFact, { facts }: TransactionFacts): boolean {
  return facts.some(
    (other) =>
      other.kind === 'transfer' &&
      other.asset === asset &&
      other.from === to &&
      amount * 100n <= other.amount,
  )
}

type Verdict = { confidence: number; reason: string }
type Around = {
  tx: TransactionFacts
  scope: Scope
  options: Options
  /** True where the actors gave something. */
  hasPaid: boolean
  supplies: ReadonlyMap<Address, bigint>
}

function judge(mint: Mint, { tx, scope, options, hasPaid, supplies }: Around): Verdict | undefined {
  if (oneSidedLoss(tx, mint.minter)) {
    // a reward with a returned stake looks so too, but nobody sells it in the same breath
    const isKept = scope.kind === 'everything' && !isMovedOn(mint, tx)
    const reason = 'the minter got nothing for it and ends the transaction poorer'
    return { confidence: isKept ? 0.6 : 0.75, reason }
  }
  const supply = supplies.get(mint.token)
  if (supply === undefined || supply === 0n || hasPaid) return undefined
  if (mint.amount * 10_000n < supply * BigInt(options.minSupplyBps)) return undefined
  const percent = Number((mint.amount * 1_000n) / supply) / 10
  return {
    confidence: 0.7,
    reason: `the actors paid nothing and it is ${percent.toFixed(1)} % of the supply`,
  }
}

function isMovedOn({ token, to }: Mint, { facts }: TransactionFacts): boolean {
  return facts.some((fact) => fact.kind === 'transfer' && fact.asset === token && fact.from === to)
}

function paidSomething(tx: TransactionFacts, actors: ReadonlySet<Address>): boolean {
  for (const actor of actors)
    for (const amount of tx.deltas.get(actor)?.values() ?? []) if (amount < 0n) return true
  return false
}

/** The first answer of each token for its supply. */
function suppliesRead(tx: TransactionFacts): ReadonlyMap<Address, bigint> {
  const supplies = new Map<Address, bigint>()
  for (const { to, input, output } of tx.transaction.frames) {
    if (to === null || selectorOf(input) !== TOTAL_SUPPLY || supplies.has(to)) continue
    const word = wordAt(output, 0)
    if (word !== undefined) supplies.set(to, BigInt(`0x${word}`))
  }
  return supplies
}
