import { z } from 'zod'
import type { Detector, DetectorInput, Scope } from '../../model/detector.ts'
import { inScope } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { selectorOf, wordAt, ZERO_ADDRESS } from '../../model/hex.ts'
import { actorCluster } from '../actors.ts'
import { buildFinding } from '../build-finding.ts'
import { changesOf } from '../flows.ts'
import { entryFrame, oneSidedLoss } from '../parties.ts'

const TOTAL_SUPPLY = '0x18160ddd'

const options = z.strictObject({
  /** A mint this large against the supply read in the same transaction, in basis points, needs something behind it. */
  minSupplyBps: z.number().int().min(1).default(500),
})
type Options = z.infer<typeof options>

/**
 * Unbacked mint: claims are minted to the actors by a minter that got nothing for them: it ends the transaction poorer,
 * or the mint is large against the supply and the actors paid nothing at all.
 * Deposits bring the minter something; rewards are small against the supply; bridges mint for a message, and are
 * quiet below the bound.
 */
export const unbackedMint: Detector<null, Options> = {
  id: 'unbacked-mint',
  title: 'Claims were minted and nothing came in for them',
  needs: ['traces'],
  options,
  init: () => null,
  snapshot: () => null,
  evaluate: (input, _state, options) =>
    input.facts.transactions.flatMap((tx) => evaluate(tx, input, options)),
}

type Mint = { token: Address; minter: Address; to: Address; amount: bigint; frame: number }

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput, options: Options): Finding[] {
  const actors = actorCluster(tx, scope)
  const judged = mintsTo(actors, tx)
    .filter(({ token, minter }) => inScope(scope, token) || inScope(scope, minter))
    .map((mint) => ({ mint, verdict: judge(mint, { tx, actors, options }) }))
    .filter(({ verdict }) => verdict !== undefined)
  const first = judged[0]
  if (first?.verdict === undefined) return []
  const { mint, verdict } = first
  const victims = [mint.minter, mint.token]
  return [
    buildFinding(tx, facts.bundle, {
      detector: 'unbacked-mint',
      severity: 'high',
      confidence: verdict.confidence,
      categories: ['unbacked-mint'],
      protected: scopedOf(scope, victims),
      victims,
      actors: [...actors],
      profit: changesOf(tx, actors).profit,
      loss: changesOf(tx, victims).loss,
      evidence: judged.slice(0, 8).map((item) => ({
        statement: `${item.mint.minter} minted ${item.mint.amount} of ${item.mint.token}: ${item.verdict?.reason ?? ''}`,
        frames: [item.mint.frame].filter((frame) => frame >= 0),
        amounts: [{ account: item.mint.to, asset: item.mint.token, amount: item.mint.amount }],
      })),
      message: `${mint.minter} minted ${mint.amount} of ${mint.token} to ${mint.to}: ${verdict.reason}.`,
    }),
  ]
}

function mintsTo(actors: ReadonlySet<Address>, tx: TransactionFacts): Mint[] {
  const { frames } = tx.transaction
  return tx.facts.flatMap((fact) => {
    if (fact.kind !== 'transfer' || fact.from !== ZERO_ADDRESS || fact.asset === 'native') return []
    if (!actors.has(fact.to) || fact.amount === 0n || fact.tokenId !== null) return []
    const minter = entryFrame(fact.asset, fact.frame, frames)?.from
    // Whoever mints by calling the token himself gave it what he gave: wrapped coins and vault shares.
    if (!minter || actors.has(minter)) return []
    return [{ token: fact.asset, minter, to: fact.to, amount: fact.amount, frame: fact.frame }]
  })
}

type Around = { tx: TransactionFacts; actors: ReadonlySet<Address>; options: Options }

function judge(
  mint: Mint,
  { tx, actors, options }: Around,
): { confidence: number; reason: string } | undefined {
  if (oneSidedLoss(tx, mint.minter)) {
    return { confidence: 0.75, reason: 'the minter got nothing for it and ends the transaction poorer' }
  }
  const supply = supplyRead(tx, mint.token)
  if (supply === undefined || supply === 0n || paidSomething(tx, actors)) return undefined
  if (mint.amount * 10_000n < supply * BigInt(options.minSupplyBps)) return undefined
  const percent = Number((mint.amount * 1_000n) / supply) / 10
  return {
    confidence: 0.7,
    reason: `the actors paid nothing and it is ${percent.toFixed(1)} % of the supply`,
  }
}

function paidSomething(tx: TransactionFacts, actors: ReadonlySet<Address>): boolean {
  for (const actor of actors)
    for (const amount of tx.deltas.get(actor)?.values() ?? []) if (amount < 0n) return true
  return false
}

function supplyRead(tx: TransactionFacts, token: Address): bigint | undefined {
  for (const frame of tx.transaction.frames) {
    if (frame.to !== token || selectorOf(frame.input) !== TOTAL_SUPPLY) continue
    const word = wordAt(frame.output, 0)
    if (word !== undefined) return BigInt(`0x${word}`)
  }
  return undefined
}

function scopedOf(scope: Scope, victims: readonly Address[]): Address[] {
  return scope.kind === 'contracts' ? victims.filter((victim) => scope.addresses.has(victim)) : []
}
