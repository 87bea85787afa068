import type { CalibratedKind, Calibration } from '../model/calibration.ts'
import type { Kind, SilentKind } from './judged.ts'
import type { Outcomes } from './outcomes.ts'

/** A transaction's kind, with its chain. */
export type OutcomeKind = Kind & { chainId: number }

/** The score of an attack case, or of one benign transaction. Null kind: not known, counted in no stratum. */
export type ScoredKind = { attack: boolean; score: number; kind: OutcomeKind | null }

/** Outcomes by size, for recognised MEV, and by chain. Kinds without an outcome are left out. */
export function outcomesByKind(
  scored: readonly ScoredKind[],
  silent: readonly SilentKind[],
): NonNullable<Calibration['strata']> {
  const known = [...scored.flatMap(({ kind }) => kind ?? []), ...silent]
  const chains = [...new Set(known.map(({ chainId }) => chainId))].sort((a, b) => a - b)
  const kinds: CalibratedKind[] = [
    { kind: 'size', size: 'simple' },
    { kind: 'size', size: 'complex' },
    { kind: 'mev' },
    ...chains.map((chainId) => ({ kind: 'chain' as const, chainId })),
  ]
  return kinds.flatMap((of) => {
    const own = scored.filter(({ kind }) => kind !== null && isOf(kind, of))
    const benign = own.filter(({ attack }) => !attack)
    const silence = silent.reduce((sum, item) => sum + (isOf(item, of) ? item.count : 0), 0)
    if (own.length + silence === 0) return []
    const alarms = benign.filter(({ score }) => score > 0)
    return [
      {
        of,
        attacks: descending(own.filter(({ attack }) => attack)),
        benign: { n: benign.length + silence, scores: descending(alarms) },
      },
    ]
  })
}

const descending = (items: readonly ScoredKind[]): number[] =>
  items.map(({ score }) => score).sort((a, b) => b - a)

/** True where an outcome belongs to the kind. */
export function isOf(item: OutcomeKind, of: CalibratedKind): boolean {
  switch (of.kind) {
    case 'size':
      return item.size === of.size
    case 'mev':
      return item.mev
    case 'chain':
      return item.chainId === of.chainId
  }
}

/**
 * The outcomes that P(attack) of a transaction of this size is counted from: benign ones of that size alone, and of the attacks those
 * of another size as if they did not reach any score. This assumes that all of the traffic is of this size, which errs on the low
 * side; null where the calibration does not count sizes apart.
 */
export function outcomesOfSize(calibration: Calibration, size: Kind['size']): Outcomes | null {
  const stratum = calibration.strata?.find(({ of }) => of.kind === 'size' && of.size === size)
  if (stratum === undefined) return null
  const others = Math.max(0, calibration.attacks.length - stratum.attacks.length)
  return {
    attacks: [...stratum.attacks, ...new Array<number>(others).fill(UNREACHED)],
    benign: stratum.benign,
  }
}

/** Below every score. */
const UNREACHED = -1
