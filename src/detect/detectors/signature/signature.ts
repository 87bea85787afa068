import { z } from 'zod'
import type { Frame } from '../../../model/block.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { isLone } from '../../lib/parties.ts'
import { type Remembered, withMemory } from '../../lib/per-transaction.ts'

const options = z.strictObject({
  /** Maximum signatures remembered; the oldest is forgotten first. */
  most: z.number().int().min(1).default(50_000),
})
type Options = z.infer<typeof options>

/** contract + digest and signature → the transaction that used it first */
type Used = Map<string, string>

/** The ecrecover precompile. */
const ECRECOVER = '0x0000000000000000000000000000000000000001'

/**
 * Signature replay and bypass: a protected contract accepts the same digest and signature in a second transaction, or
 * continues after ecrecover returned the zero address, and pays or mints to the actors either way. Within one
 * transaction a signature may be checked twice; reusable attestations pay no new account.
 */
export const signature = withMemory<Used, Options>({
  id: 'signature',
  title: 'A signature was used twice, or none was needed',
  options,
  init: () => new Map(),
  stateVersion: 1,
  evaluate,
})

function evaluate(
  tx: TransactionFacts,
  { input, memory: used, options }: Remembered<Used, Options>,
): Finding[] {
  const { facts, scope } = input
  const checks = tx.transaction.frames.filter((frame) => frame.to === ECRECOVER && frame.input.length >= 258)
  if (checks.length === 0) return []
  const actors = actorCluster(tx, scope)
  const lastPaid = lastPaymentTo(actors, tx)
  const claims = checks.flatMap((check) => {
    const verifier = tx.transaction.frames[check.parent]
    if (
      verifier?.context === null ||
      verifier === undefined ||
      verifier.reverted ||
      !inScope(scope, verifier.context)
    )
      return []
    const key = `${verifier.context}${check.input.slice(2, 258)}`
    const earlier = used.get(key)
    remember(used, key, { hash: tx.transaction.hash, most: options.most })
    if (lastPaid < verifier.index) return []
    if (earlier !== undefined && earlier !== tx.transaction.hash) return [replayed(verifier, check, earlier)]
    return /[1-9a-f]/.test(check.output.slice(2)) ? [] : [bypassed(verifier, check)]
  })
  return findingFrom(claims, {
    detector: 'signature',
    tx,
    actors,
    scope,
    bundle: facts.bundle,
    ...(isLone(tx, scope) ? { most: 'medium' as const } : {}),
  })
}

function remember(used: Used, key: string, { hash, most }: { hash: string; most: number }): void {
  if (!used.has(key)) used.set(key, hash)
  if (used.size > most) for (const oldest of used.keys()) return void used.delete(oldest)
}

/** The last frame in which the actors received something from others, −Infinity for none. */
function lastPaymentTo(actors: ReadonlySet<Address>, tx: TransactionFacts): number {
  let last = Number.NEGATIVE_INFINITY
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.amount === 0n) continue
    if (actors.has(fact.to) && !actors.has(fact.from)) last = Math.max(last, fact.frame)
  }
  return last
}

function replayed(verifier: Frame, check: Frame, earlier: string): Claim {
  return {
    contract: verifier.context ?? ECRECOVER,
    victims: [],
    confidence: 0.7,
    categories: ['signature-replay'],
    statement: `${verifier.context} accepted a signature (frame ${check.index}) that transaction ${earlier} had used already.`,
    frames: [verifier.index, check.index],
  }
}

function bypassed(verifier: Frame, check: Frame): Claim {
  return {
    contract: verifier.context ?? ECRECOVER,
    victims: [],
    confidence: 0.8,
    categories: ['signature-replay', 'data-validation'],
    statement: `${verifier.context} went on although the signature recovered to nobody (frame ${check.index}).`,
    frames: [verifier.index, check.index],
  }
}
