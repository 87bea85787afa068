import type { BlockBundle, Frame, Transaction } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import { inScope } from '../model/detector.ts'
import type { Hash, Hex } from '../model/hex.ts'
import { selectorOf } from '../model/hex.ts'
import type { Sighting } from './assessor.ts'
import type { GroupPath } from './conformal.ts'
import { sizeOf } from './judged.ts'

/**
 * A transaction's place in the hierarchy of groups: contract, function, regime; and the work of the call: null where it
 * did nothing, or where it is not known.
 */
export type Place = { path: GroupPath; work: number | null }

/**
 * The first call of a transaction into a protected contract that may change something, else the first; or null. The
 * regime is the block's gas price: `dear` above 100 gwei, when other people and programs are active than on a calm day.
 */
export function placeOf(transaction: Transaction, bundle: BlockBundle, scope: Scope): Place | null {
  const { frames } = transaction
  const entries = frames.filter((frame) => inScope(scope, frame.context) && !frame.reverted)
  const entry = entries.find(({ type }) => type !== 'STATICCALL') ?? entries[0]
  if (entry === undefined) return null
  const regime = (bundle.baseFeePerGas ?? 0n) > DEAR ? 'dear' : 'calm'
  return {
    path: [entry.context ?? 'unknown', selectorOf(entry.input) ?? 'no selector', regime],
    work: hasEffect(entry, transaction) ? workOf(entry, frames) : null,
  }
}

/**
 * Whether a call had an effect that others can see: moved coin, wrote, logged, created. A view that an account calls
 * repeatedly in paid transactions is not a use of the contract.
 */
function hasEffect(entry: Frame, { frames, logs }: Transaction): boolean {
  if (entry.type === 'STATICCALL') return false
  if ((logs ?? []).some(({ address }) => address === entry.context)) return true
  return frames
    .slice(entry.index, entry.end)
    .some(
      ({ reverted, type, value, logs: own, storage = [] }) =>
        !reverted &&
        (value > 0n ||
          own.length > 0 ||
          type.startsWith('CREATE') ||
          type === 'SELFDESTRUCT' ||
          storage.some(({ op }) => op === 'write')),
    )
}

/**
 * Gas where it was recorded, without the base cost of the transaction and its calldata; else frames and storage
 * accesses below the call. Within one recording it is one of the two. Null where the calldata cost exceeds all
 * execution (EIP-7623).
 */
function workOf(entry: Frame, frames: readonly Frame[]): number | null {
  if (entry.gasUsed > 0) {
    if (entry.index > 0) return entry.gasUsed
    const { intrinsic, floor } = calldataGas(entry.input)
    return entry.gasUsed > Math.max(intrinsic, floor) ? entry.gasUsed - intrinsic : null
  }
  const below = frames.slice(entry.index, entry.end)
  return below.reduce((sum, frame) => sum + 1 + (frame.storage?.length ?? 0), 0)
}

/** The cost of a transaction that does nothing, gas units; and its minimum cost. Sources: EIP-2028, EIP-7623. */
function calldataGas(input: Hex): { intrinsic: number; floor: number } {
  let zeros = 0
  for (let at = 2; at < input.length; at += 2) if (input[at] === '0' && input[at + 1] === '0') zeros++
  const others = (input.length - 2) / 2 - zeros
  return { intrinsic: 21_000 + 4 * zeros + 16 * others, floor: 21_000 + 10 * (zeros + 4 * others) }
}

/** 100 gwei, in wei per gas unit. */
const DEAR = 100_000_000_000n

/** The protected traffic of a block, with the score of each transaction (0 without findings). */
export function sightingsOf(
  bundle: BlockBundle,
  scope: Scope,
  scores: ReadonlyMap<Hash, number>,
): Sighting[] {
  return bundle.transactions.flatMap((transaction) => {
    const place = placeOf(transaction, bundle, scope)
    if (place === null) return []
    const { hash, from, frames } = transaction
    return [
      { ...place, size: sizeOf(frames), sender: from, score: scores.get(hash) ?? 0, u: uniformOf(hash) },
    ]
  })
}

/** A number between 0 and 1 from a hash: the same in every run. */
function uniformOf(hash: Hash): number {
  return Number.parseInt(hash.slice(2, 10), 16) / 0x1_0000_0000
}
