import { assert } from '../kit/assert.ts'
import { firstAtLeast } from '../kit/sorted.ts'

/** Path of a group from the widest to the narrowest, for example `[protocol, function, regime]`. */
export type GroupPath = readonly string[]

/** Clean scores of one group: `recent` in order of arrival, `sorted` the same ascending. */
type Scores = { recent: number[]; sorted: number[] }

/**
 * Rolling clean calibration scores by Mondrian group and by every wider group around it. Plain data, bounded by
 * `capacity` scores a group and `mostGroups` groups (the longest silent one is forgotten first).
 */
export type CalibrationSet = { capacity: number; mostGroups: number; groups: Map<string, Scores> }

export function emptyCalibration({ capacity = 2_000, mostGroups = 1_000 } = {}): CalibrationSet {
  return { capacity, mostGroups, groups: new Map() }
}

/** The possible statements about a score at a level. `group` is the reference group, empty for everything. */
export type Certificate =
  | { kind: 'certified'; p: number; level: number; n: number; group: GroupPath }
  /** n is too small for the requested level: with `n` no p below 1/(n+1) exists; `needed` scores would suffice. */
  | { kind: 'not-certifiable'; p: number; level: number; n: number; needed: number; group: GroupPath }

/**
 * Adds a score known to be benign to its group and to every group around it. Call it for clean data only: learning is
 * frozen while an alarm is active, otherwise an attacker trains the model on the attack.
 */
export function learnScore(set: CalibrationSet, path: GroupPath, score: number): void {
  assert(!Number.isNaN(score), 'a score is a number')
  for (let depth = 0; depth <= path.length; depth++) {
    const key = keyOf(path.slice(0, depth))
    const scores = set.groups.get(key) ?? { recent: [], sorted: [] }
    set.groups.delete(key)
    set.groups.set(key, scores)
    scores.recent.push(score)
    scores.sorted.splice(firstAtLeast(scores.sorted, score), 0, score)
    if (scores.recent.length > set.capacity) forgetOldest(scores)
  }
  if (set.groups.size > set.mostGroups) forgetGroup(set)
}

export type Question = { path: GroupPath; score: number; level: number }

/**
 * The conformal p-value of a score in the narrowest group that is large enough for `level`, pooled up the hierarchy:
 * p = (1 + #{s_i ≥ s}) / (n + 1). The group is chosen by n alone, never by scores, so p stays super-uniform where
 * the scores of that group are exchangeable with the new one.
 * Source: V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World (2nd ed. 2022), ch. 2 and 4.
 */
export function certify(set: CalibrationSet, { path, score, level }: Question): Certificate {
  assert(level > 0 && level < 1, 'a level lies between 0 and 1')
  const needed = scoresNeeded(level)
  for (let depth = path.length; depth >= 0; depth--) {
    const group = path.slice(0, depth)
    const sorted = set.groups.get(keyOf(group))?.sorted ?? []
    const n = sorted.length
    if (n >= needed) return { kind: 'certified', p: conformalP(sorted, score), level, n, group }
    if (depth === 0) return { kind: 'not-certifiable', p: conformalP(sorted, score), level, n, needed, group }
  }
  assert(false, 'the widest group was looked at')
}

/** (1 + #{s_i ≥ s}) / (n + 1) over scores sorted ascending; 1 where there are none. */
export function conformalP(sorted: readonly number[], score: number): number {
  return (1 + sorted.length - firstAtLeast(sorted, score)) / (sorted.length + 1)
}

/**
 * The smoothed conformal p-value (#{s_i > s} + u·(#{s_i = s} + 1)) / (n + 1) in exactly the requested group: uniform,
 * not merely super-uniform, which is what drift martingales need. `u` is uniform on 0 to 1. Null below `least` scores.
 */
export function smoothedP(
  set: CalibrationSet,
  { path, score, u, least }: { path: GroupPath; score: number; u: number; least: number },
): number | null {
  const sorted = set.groups.get(keyOf(path))?.sorted ?? []
  if (sorted.length < least) return null
  const below = firstAtLeast(sorted, score)
  let above = below
  while (sorted[above] === score) above++
  return (sorted.length - above + u * (above - below + 1)) / (sorted.length + 1)
}

/** The number of clean scores that a p-value as small as `level` requires. */
export function scoresNeeded(level: number): number {
  return Math.ceil(1 / level - 1e-9) - 1
}

/** The certificate in a sentence, with its n. */
export function certificateText(certificate: Certificate): string {
  const { p, n, level, group } = certificate
  const where = group.length === 0 ? 'everything pooled' : group.join(' / ')
  return certificate.kind === 'certified'
    ? `p = ${Number(p.toPrecision(2))} against n = ${n} clean scores of ${where}`
    : `not certifiable at ${level} with n = ${n} (${where}): ${certificate.needed} clean scores are needed`
}

/**
 * Turns a p-value into an e-value by betting p^(κ−1)·κ: E ≤ 1 for every super-uniform p. Small κ bets on tiny p.
 * Source: V. Vovk, R. Wang, E-values: calibration, combination and applications, Annals of Statistics 49 (2021), eq. 1.
 */
export function powerE(p: number, kappa: number): number {
  assert(kappa > 0 && kappa < 1, 'κ lies between 0 and 1')
  return kappa * p ** (kappa - 1)
}

/**
 * The mixture of {@link powerE} over all κ: (1 − p + p ln p) / (p (ln p)²), without a choice of κ. Same source, eq. 2.
 */
export function mixtureE(p: number): number {
  if (p <= 0) return Number.POSITIVE_INFINITY
  const log = Math.log(p)
  // the series at 1, where the formula is 0/0
  if (p > 1 - 1e-4) return 0.5 + (1 - p) / 6
  return (1 - p + p * log) / (p * log * log)
}

/** The mean of e-values is an e-value for any dependence between them: this combines detectors. */
export function averageE(values: readonly number[]): number {
  assert(values.length > 0, 'there is an e-value to average')
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

const keyOf = (path: GroupPath): string => JSON.stringify(path)

function forgetOldest(scores: Scores): void {
  const oldest = scores.recent.shift()
  if (oldest !== undefined) scores.sorted.splice(firstAtLeast(scores.sorted, oldest), 1)
}

/** Wider groups are written more often, so the first key is a silent narrow one; the widest is never removed. */
function forgetGroup(set: CalibrationSet): void {
  for (const key of set.groups.keys()) if (key !== keyOf([])) return void set.groups.delete(key)
}
