import type { Actor } from '../../model/actor.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { minHash, similarity } from '../../model/minhash.ts'
import type { KnownCode, Placed } from './known.ts'

/**
 * Code counts as alike from this similarity on: the default of detector `preparation`, with a standard error of 4.4
 * points at most.
 */
export const LEAST_ALIKE = 0.8
const MOST_ALIKE = 3

/** Known attackers’ code that resembles this code, the most similar first. */
export function similarTo(code: Hex, known: readonly KnownCode[]): NonNullable<Actor['similarTo']> {
  const hash = known.length === 0 ? null : minHash(code)
  if (hash === null) return []
  const alike = new Map<string, number>()
  for (const { name, minHash: other } of known) {
    const share = similarity(hash, other)
    if (share >= LEAST_ALIKE && share > (alike.get(name) ?? 0)) alike.set(name, share)
  }
  return [...alike]
    .map(([name, share]) => ({ name, similarity: share }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, MOST_ALIKE)
}

/** Runtime code that was created in these transactions. */
export function codeCreatedIn(placed: readonly Placed[]): Map<Address, Hex> {
  const code = new Map<Address, Hex>()
  for (const { tx } of placed)
    for (const { type, to, output, reverted } of tx.transaction.frames)
      if (type.startsWith('CREATE') && to !== null && !reverted && output.length > 2) code.set(to, output)
  return code
}
