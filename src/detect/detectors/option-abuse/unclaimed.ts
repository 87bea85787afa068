import type { DetectorInput } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import { selectorOf } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { isEntry } from '../../lib/entries.ts'
import { claimAgainst, isOption } from './judge.ts'
import { keep, type Memory } from './memory.ts'
import { type Payout, payoutIn } from './payouts.ts'

const MIN_TAKEN = 3

/**
 * Calls of a protected vault's function that paid without taking a claim, where each earlier call of it had taken some.
 * A function with several purposes (deposits, withdrawals, exercises) has earlier calls of another kind, and is not
 * judged.
 */
export function takeFunctions(
  tx: TransactionFacts,
  { scope }: DetectorInput,
  { payouts, memory }: { payouts: readonly Payout[]; memory: Memory },
): Claim[] {
  if (scope.kind !== 'contracts') return []
  const claims: Claim[] = []
  const { frames } = tx.transaction
  for (const frame of frames) {
    if (frame.context === null || !scope.addresses.has(frame.context) || !isEntry(frame, frames)) continue
    const key = `${frame.context}${selectorOf(frame.input)}`
    const known = memory.functions.get(key) ?? { took: 0, other: 0 }
    const payout = payouts.find(({ entry }) => entry === frame)
    if (payout !== undefined && payout.claims > 0n) {
      if (isOption(payout, memory)) keep(memory.functions, key, { ...known, took: known.took + 1 })
      continue
    }
    const bare = known.took >= MIN_TAKEN && known.other === 0 ? payoutIn(frame, frame.context, tx) : undefined
    if (bare !== undefined && bare.claims === 0n) {
      const reason = `for no claim at all, where each of ${known.took} calls before had taken some`
      claims.push(claimAgainst(bare, { confidence: 0.85, reason }))
    } else keep(memory.functions, key, { ...known, other: known.other + 1 })
  }
  return claims
}
