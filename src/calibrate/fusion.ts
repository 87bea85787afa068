import { assert } from '../kit/assert.ts'
import type { Layer } from '../model/assessment.ts'
import { layers } from '../model/assessment.ts'
import type { FusionWeights } from '../model/calibration.ts'

/**
 * The evidence about one transaction, by layer: −ln of the probability that every detector in the layer is wrong,
 * capped; and the number of detectors beyond the first that agree. All values are 0 without findings.
 */
export type EvidenceVector = Readonly<Record<keyof FusionWeights, number>>

/** One detector's finding: its confidence, 0 to 1. */
export type Word = { layer: Layer; confidence: number }

const NAMES = [...layers, 'agreement'] as const
/** A confidence of 1 would be infinite evidence: this is the maximum evidence of a rule (e^−8 ≈ 0.03 %). */
const MOST = 8
const MOST_AGREEING = 4

export function evidenceVector(words: readonly Word[]): EvidenceVector {
  const vector = { pattern: 0, invariant: 0, baseline: 0, preparation: 0, agreement: 0 }
  for (const { layer, confidence } of words) {
    const weight = -Math.log(1 - Math.min(confidence, 1 - Math.exp(-MOST)))
    vector[layer] = Math.min(MOST, vector[layer] + weight)
  }
  vector.agreement = Math.min(MOST_AGREEING, Math.max(0, words.length - 1))
  return vector
}

/** Without outcomes all layers have the same weight: the score is −ln Π (1 − confidence), the noisy or. */
export const EVEN_WEIGHTS: FusionWeights = {
  pattern: 1,
  invariant: 1,
  baseline: 1,
  preparation: 1,
  agreement: 0,
}

/** The fused score: 0 without findings, never lower for more evidence (weights are not negative). */
export function fuse(weights: FusionWeights, vector: EvidenceVector): number {
  return NAMES.reduce((score, name) => score + weights[name] * vector[name], 0)
}

export type FusionSample = { vector: EvidenceVector; positive: boolean }

/** Strength of the pull towards {@link EVEN_WEIGHTS}, in samples: a layer never seen keeps its even weight. */
const PULL = 2
const STEPS = 400

/**
 * Monotone logistic regression: weights ≥ 0, pulled towards even ones, with equal class weights. Deterministic.
 * Source: maximum a posteriori under a Gaussian prior, by projected gradient ascent (D. Bertsekas 1976).
 */
export function fitFusion(samples: readonly FusionSample[]): FusionWeights {
  const spoken = samples.filter(({ vector }) => NAMES.some((name) => vector[name] > 0))
  const positives = spoken.filter(({ positive }) => positive).length
  const negatives = spoken.length - positives
  if (positives === 0 || negatives === 0) return EVEN_WEIGHTS
  const weights: Record<keyof FusionWeights, number> = { ...EVEN_WEIGHTS }
  let bias = 0
  for (let step = 0; step < STEPS; step++) {
    const gradient = { pattern: 0, invariant: 0, baseline: 0, preparation: 0, agreement: 0 }
    let biasGradient = 0
    for (const { vector, positive } of spoken) {
      const error = (positive ? 1 : 0) - sigmoid(fuse(weights, vector) + bias)
      const share = error / (positive ? positives : negatives)
      biasGradient += share
      for (const name of NAMES) gradient[name] += share * vector[name]
    }
    bias += 0.1 * biasGradient
    for (const name of NAMES) {
      const pull = (PULL * (EVEN_WEIGHTS[name] - weights[name])) / spoken.length
      weights[name] = Math.max(0, weights[name] + 0.05 * (gradient[name] + pull))
    }
  }
  assert(
    NAMES.every((name) => Number.isFinite(weights[name])),
    'weights stay finite',
  )
  return weights
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
