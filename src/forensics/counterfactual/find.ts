import type { Alteration, Attack } from './alteration.ts'
import { callAlterations } from './calls.ts'
import { forwardedAlterations } from './forwarded.ts'
import { priceAlterations } from './price.ts'
import { reentryAlterations } from './reentry.ts'
import { repeatAlterations } from './repeat.ts'

/** Maximum number of one kind, so that no kind displaces all others. */
const MOST_OF_A_KIND = 8

/**
 * The alterations that can be made before the attack is run again, one change each, the most informative first, at most
 * `most`.
 */
export function alterationsOf(attack: Attack, most: number): Alteration[] {
  const kinds = [
    reentryAlterations,
    priceAlterations,
    repeatAlterations,
    forwardedAlterations,
    callAlterations,
  ]
  return kinds
    .flatMap((find) => firstOf(find(attack), MOST_OF_A_KIND))
    .sort((a, b) => b.rank - a.rank)
    .slice(0, most)
}

function firstOf(alterations: readonly Alteration[], most: number): Alteration[] {
  return [...alterations].sort((a, b) => b.rank - a.rank).slice(0, most)
}
