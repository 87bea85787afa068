import { assert } from '../kit/assert.ts'
import type { Layer } from '../model/assessment.ts'
import type { Calibration, FusionWeights, Threshold } from '../model/calibration.ts'
import { type OutcomeKind, outcomesByKind, type ScoredKind } from './calibrated-kinds.ts'
import type { EvidenceVector, Word } from './fusion.ts'
import { evidenceVector, fitFusion, fuse } from './fusion.ts'
import type { SilentKind } from './judged.ts'
import type { Outcomes } from './outcomes.ts'
import { runLength } from './run-length.ts'

/** One transaction with its findings and its true class. */
export type Outcome = {
  /** The case that an attack belongs to: its transactions are kept in one fold and count once. */
  case: string
  attack: boolean
  words: readonly Word[]
  /** For the counts by kind; left out where it is not known. */
  kind?: OutcomeKind
}

export type CalibrateOptions = {
  /** Names of the files, for the record. */
  files: readonly string[]
  /** The required days between false alarms: for paging, and for acting unattended. */
  budgets: { pageDays: number; actDays: number }
  /** Transactions of the protected contracts per day. */
  perDay: number
  /** Benign transactions without findings, in addition to the outcomes: they are only counted. */
  silent?: number
  /** The same transactions by kind. */
  silentKinds?: readonly SilentKind[]
}

const FOLDS = 5

/**
 * Fits a calibration to outcomes: fusion weights fitted on all of them, scores of each by weights fitted without its
 * fold (or by those on all, where that is less favourable), and the lowest thresholds that keep the budgets.
 * Deterministic; a case never helps to judge itself.
 */
export function calibrate(outcomes: readonly Outcome[], options: CalibrateOptions): Calibration {
  const samples = outcomes.map((item) => ({ ...item, vector: evidenceVector(item.words) }))
  const fusion = roundedWeights(
    fitFusion(samples.map(({ vector, attack }) => ({ vector, positive: attack }))),
  )
  const scored = cautious(outOfFold(samples), samples, fusion)
  const cases = new Map<string, ScoredSample>()
  for (const item of scored)
    if (item.attack && item.score >= (cases.get(item.name)?.score ?? 0)) cases.set(item.name, item)
  const alarms = scored.filter(({ attack, score }) => !attack && score > 0).map(({ score }) => score)
  const { silent = 0, silentKinds = [] } = options
  const n = outcomes.filter(({ attack }) => !attack).length + silent
  const counted: Outcomes = {
    attacks: [...cases.values()].map(({ score }) => score).sort((a, b) => b - a),
    benign: { n, scores: alarms.sort((a, b) => b - a) },
  }
  const { pageDays, actDays } = options.budgets
  return {
    type: 'calibration',
    version: 1,
    source: {
      files: [...options.files],
      transactions: outcomes.length + silent,
      attacks: cases.size,
      benign: n,
    },
    fusion,
    ...counted,
    strata: outcomesByKind([...cases.values(), ...scored.filter(({ attack }) => !attack)], silentKinds),
    thresholds: {
      page: thresholdFor(counted, { askedDays: pageDays, perDay: options.perDay }),
      act: thresholdFor(counted, { askedDays: actDays, perDay: options.perDay }),
    },
  }
}

/** Six decimals: the written values are the same on every machine. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6

type Sample = Outcome & { vector: EvidenceVector }
type ScoredSample = ScoredKind & { name: string }

/** Silent transactions score 0 for any weights: only the others are worth a fold. */
function outOfFold(samples: readonly Sample[]): ScoredSample[] {
  const names = [...new Set(samples.filter(({ words }) => words.length > 0).map((item) => item.case))].sort()
  const foldOf = new Map(names.map((name, i) => [name, i % FOLDS]))
  const weights: FusionWeights[] = Array.from({ length: FOLDS }, (_, fold) =>
    fitFusion(
      samples
        .filter((item) => foldOf.has(item.case) && foldOf.get(item.case) !== fold)
        .map(({ vector, attack }) => ({ vector, positive: attack })),
    ),
  )
  return samples.map(({ vector, attack, case: name, kind = null }) => {
    const fold = weights[foldOf.get(name) ?? -1]
    return { name, attack, kind, score: fold === undefined ? 0 : rounded(fuse(fold, vector)) }
  })
}

/**
 * The lowest score that keeps a budget of days between false alarms: certified if n allows it, else the lowest at which
 * the plain count keeps it; then the threshold is marked as not certifiable.
 */
export function thresholdFor(
  { attacks, benign }: Outcomes,
  { askedDays, perDay }: { askedDays: number; perDay: number },
): Threshold {
  const candidates = [...new Set([...attacks, ...benign.scores])].filter((s) => s > 0).sort((a, b) => a - b)
  const highest = candidates.at(-1) ?? 0
  // above all observed scores, where even the highest score is a false alarm too often
  candidates.push(highest + 1)
  const judged = candidates.map((score) => {
    const falseAlarms = benign.scores.filter((other) => other >= score).length
    return { score, runLength: runLength({ falseAlarms, n: benign.n, perDay }, askedDays) }
  })
  const kept = judged.find(({ runLength }) => runLength.verdict === 'kept')
  const counted = judged.find(({ runLength: { falseAlarms, n } }) => falseAlarms * perDay * askedDays <= n)
  const found = kept ?? counted ?? judged.at(-1)
  assert(found !== undefined, 'there is a candidate above everything')
  return found
}

/** Of the out-of-fold scores and those under the final weights, the less favourable one. */
function cautious(
  scored: readonly ScoredSample[],
  samples: readonly Sample[],
  fusion: FusionWeights,
): ScoredSample[] {
  return scored.map((item, i) => {
    const vector = samples[i]?.vector
    const running = vector === undefined ? item.score : rounded(fuse(fusion, vector))
    return { ...item, score: item.attack ? Math.min(item.score, running) : Math.max(item.score, running) }
  })
}

function roundedWeights(weights: FusionWeights): FusionWeights {
  return {
    pattern: rounded(weights.pattern),
    invariant: rounded(weights.invariant),
    baseline: rounded(weights.baseline),
    preparation: rounded(weights.preparation),
    agreement: rounded(weights.agreement),
  }
}

/** The fused score of the findings, under a calibration. */
export function scoreOf(calibration: Calibration, words: readonly Word[]): number {
  return fuse(calibration.fusion, evidenceVector(words))
}

/** The layers with findings. */
export function layersOf(words: readonly Word[]): Layer[] {
  return [...new Set(words.map(({ layer }) => layer))]
}
