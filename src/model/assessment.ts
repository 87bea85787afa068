import { z } from 'zod'
import { runLengthSchema } from './calibration.ts'

/** The basis of a detector's findings: rules, learned or declared invariants, statistics, or early signs only. */
export const layers = ['pattern', 'invariant', 'baseline', 'preparation'] as const
export const layerSchema = z.enum(layers)
export type Layer = z.infer<typeof layerSchema>

export const driftStages = ['stable', 'widen', 'disarm'] as const

const share = z.number().min(0).max(1)

/**
 * An Assessment: how much an Alert is worth, with the numbers it was counted from.
 * Everything here is calibrated on outcomes, unlike a Finding's own `confidence`.
 */
export const assessmentSchema = z.object({
  /** Fused evidence; 0 is none, more is worse. It has no unit: only its order and the outcomes at it have a meaning. */
  score: z.number().min(0),
  layers: z.array(layerSchema),
  /**
   * P(attack) given a score at least this high; 95 % interval; computed from the given numbers of attacks and benign
   * transactions.
   */
  probability: z.object({
    estimate: share,
    low: share,
    high: share,
    attacks: z.number().int(),
    benign: z.number().int(),
  }),
  /** The conformal p-value among clean transactions of the narrowest group that is large enough. */
  conformal: z.object({ p: share, n: z.number().int(), certified: z.boolean(), text: z.string() }),
  /** The guarantee for alerts with at least this score. */
  runLength: runLengthSchema,
  drift: z.enum(driftStages),
  /** High enough to page a person, by the calibration's threshold. */
  pages: z.boolean(),
  /** The above in a sentence, every figure with its n and interval. */
  statement: z.string(),
})
export type Assessment = z.infer<typeof assessmentSchema>
