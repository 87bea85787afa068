import { z } from 'zod'

const weight = z.number().min(0)
const count = z.number().int().min(0)

/** The guarantee of a threshold: the minimum of days between false alarms, with 95 % confidence. */
export const runLengthSchema = z.object({
  askedDays: z.number().positive(),
  /** 1 / (upper 95 % bound of the false-alarm rate × transactions a day). */
  days: z.number().positive(),
  falseAlarms: count,
  n: count,
  perDay: z.number().positive(),
  verdict: z.enum(['kept', 'not-certifiable']),
  /** Clean transactions without a false alarm that the requested days require. */
  needed: count,
})
export type RunLength = z.infer<typeof runLengthSchema>

export const thresholdSchema = z.object({
  /** Alerts with at least this score count. */
  score: z.number().min(0),
  runLength: runLengthSchema,
})
export type Threshold = z.infer<typeof thresholdSchema>

const outcomesSchema = {
  /** Score of each attack, descending; 0 where it was missed. */
  attacks: z.array(z.number().min(0)),
  /** Scores above 0 of benign transactions, descending, and how many there were in all. */
  benign: z.object({ n: count, scores: z.array(z.number().min(0)) }),
}

/** A kind of transaction whose outcomes are counted apart: one rate over all would hide the hard ones. */
export const calibratedKindSchema = z.discriminatedUnion('kind', [
  /** Complex: 20 frames or more. */
  z.object({ kind: z.literal('size'), size: z.enum(['simple', 'complex']) }),
  /** Recognised as an arbitrage, part of a sandwich or a liquidation. */
  z.object({ kind: z.literal('mev') }),
  z.object({ kind: z.literal('chain'), chainId: z.number().int() }),
])
export type CalibratedKind = z.infer<typeof calibratedKindSchema>

/**
 * A Calibration: what past outcomes say about scores (`cordon calibrate` writes it next to the configuration). Scores
 * of attacks and benign transactions are out of fold: given by weights that were not fitted on them.
 */
export const calibrationSchema = z.object({
  type: z.literal('calibration'),
  version: z.literal(1),
  source: z.object({ files: z.array(z.string()), transactions: count, attacks: count, benign: count }),
  /** Weights of the evidence of each layer, and of each further detector that agrees. */
  fusion: z.object({
    pattern: weight,
    invariant: weight,
    baseline: weight,
    preparation: weight,
    agreement: weight,
  }),
  ...outcomesSchema,
  /** The same outcomes by kind of transaction; a calibration of an earlier version has none. */
  strata: z.array(z.object({ of: calibratedKindSchema, ...outcomesSchema })).optional(),
  thresholds: z.object({ page: thresholdSchema, act: thresholdSchema }),
})
export type Calibration = z.infer<typeof calibrationSchema>
export type FusionWeights = Calibration['fusion']
