import type { Simulation } from '../../model/containment.ts'
import type { Lever } from '../../model/lever.ts'
import { breadths } from '../../model/lever.ts'
import { asymmetryOf } from '../trials/asymmetry.ts'
import { effectsByKind } from '../trials/operation-kinds.ts'

/** A lever that could be pulled, with the result of trying it against the attack. */
export type Candidate = {
  lever: Lever
  attack: Simulation['attack']
  /** Share of the loss that it saves, 0 to 1 (`savedShare`); 0 where it was not tried. */
  saved: number
  leverSucceeded: boolean
  /** Seconds until it can take effect: 0 where a signer is available, the delay of a timelock, and so on. */
  seconds: number
}

/** The time people need to find each other and sign, seconds. An estimate: the reach test of a drill measures it. */
export const PEOPLE_SECONDS = 900

/**
 * The order of preference of levers, best first: one that stops the attack, then one that saves more, then the soonest,
 * then one that leaves no one liquidatable without a way out, then the one that blocks least, then one that can be
 * undone. Cap < freeze of an asset < pause of a market < pause of all. Ties keep the given order.
 */
export function rankCandidates(candidates: readonly Candidate[]): Candidate[] {
  return candidates
    .map((candidate, index) => ({ candidate, worth: [...worthOf(candidate), -index] }))
    .sort((a, b) => compare(b.worth, a.worth))
    .map(({ candidate }) => candidate)
}

/** Larger is better; the first difference decides. */
function worthOf({ lever, attack, saved, leverSucceeded, seconds }: Candidate): number[] {
  const effects = effectsByKind(lever, lever.opEffects)
  const blocked = Object.values(effects).filter((effect) => effect === 'blocked').length
  const stops = leverSucceeded
    ? { stopped: 2, reduced: 1 + saved, 'not-run': 1, 'not-reproduced': 1, 'not-stopped': 0 }[attack]
    : -1
  return [
    stops,
    -seconds,
    asymmetryOf(effects) === undefined ? 1 : 0,
    -breadths.indexOf(lever.breadth),
    -blocked,
    lever.undo === null ? 0 : 1,
  ]
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const other = b[i] ?? 0
    if (value !== other) return value - other
  }
  return 0
}
