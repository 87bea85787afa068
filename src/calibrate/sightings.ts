import type { BlockBundle, Frame, Transaction } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import { inScope } from '../model/detector.ts'
import type { Hash } from '../model/hex.ts'
import { selectorOf } from '../model/hex.ts'
import type { Sighting } from './assessor.ts'
import type { GroupPath } from './conformal.ts'

/** Where a transaction stands in the hierarchy of groups: contract, function, regime; and how much work the call was. */
export type Place = { path: GroupPath; work: number }

/**
 * The first call of a transaction into a protected contract, or null. The regime is what the block asks for gas: `dear`
 * above 100 gwei, when other people and programs are at work than on a calm day.
 */
export function placeOf({ frames }: Transaction, bundle: BlockBundle, scope: Scope): Place | null {
  const entry = frames.find((frame) => inScope(scope, frame.context) && !frame.reverted)
  if (entry === undefined) return null
  const regime = (bundle.baseFeePerGas ?? 0n) > DEAR ? 'dear' : 'calm'
  return {
    path: [entry.context ?? 'unknown', selectorOf(entry.input) ?? 'no selector', regime],
    work: workOf(entry, frames),
  }
}

/** Gas where it was recorded; else frames and storage accesses below the call. Within one recording it is one of the two. */
function workOf(entry: Frame, frames: readonly Frame[]): number {
  if (entry.gasUsed > 0) return entry.gasUsed
  const below = frames.slice(entry.index, entry.end)
  return below.reduce((sum, frame) => sum + 1 + (frame.storage?.length ?? 0), 0)
}

/** 100 gwei, in wei per gas unit. */
const DEAR = 100_000_000_000n

/** The protected traffic of a block, with the score that each transaction got (0 where nothing was said). */
export function sightingsOf(
  bundle: BlockBundle,
  scope: Scope,
  scores: ReadonlyMap<Hash, number>,
): Sighting[] {
  return bundle.transactions.flatMap((transaction) => {
    const place = placeOf(transaction, bundle, scope)
    if (place === null) return []
    return [{ ...place, score: scores.get(transaction.hash) ?? 0, u: uniformOf(transaction.hash) }]
  })
}

/** A number between 0 and 1 from a hash: the same in every run. */
function uniformOf(hash: Hash): number {
  return Number.parseInt(hash.slice(2, 10), 16) / 0x1_0000_0000
}
