import { z } from 'zod'
import { type Assessor, createAssessor } from '../../calibrate/assessor.ts'
import { isLike } from '../../kit/is-like.ts'
import { sha256 } from '../../kit/json.ts'
import { addressSchema, hexSchema } from '../../model/hex.ts'
import type { ChainHandle } from '../context.ts'

/** The part of a snapshot that belongs to no detector. */
export const SURROUNDINGS = 'surroundings'
/** Raised whenever the shape or the meaning of the stored data changes. */
export const SURROUNDINGS_VERSION = 2

type KeptAssessor = Omit<Assessor, 'calibration' | 'budgets'>
type Surroundings = { assessor: KeptAssessor } & Pick<ChainHandle, 'operations' | 'signals'>

/**
 * A watcher's knowledge besides its detectors' states: clean traffic and its drift, the ordinary calls that a pause is
 * tried on, the signals recorded from the chain. It is never rolled back, so it is stored as of the newest block, not
 * the final one.
 */
export function surroundingsOf({ assessor, operations, signals }: ChainHandle): Surroundings {
  const { scores, work, drift, users, traffic, gate, alarmUntil } = assessor
  return { assessor: { scores, work, drift, users, traffic, gate, alarmUntil }, operations, signals }
}

/** The budgets and thresholds that the counts belong to. */
export function fitOfSurroundings({ assessor }: ChainHandle): string {
  return sha256(`page every ${assessor.calibration.thresholds.page.runLength.askedDays} days`)
}

const operationsSchema = z.map(
  addressSchema,
  z.map(
    hexSchema,
    z.object({
      selector: hexSchema,
      from: addressSchema,
      to: addressSchema.nullable(),
      data: hexSchema,
      value: z.bigint(),
    }),
  ),
)
const signalsSchema = z.object({
  reorgDepth: z.number().int(),
  disagreement: z.number().int(),
  finalized: z.number().int().nullable(),
})
const keptSchema = z.object({ assessor: z.unknown(), operations: operationsSchema, signals: signalsSchema })

/**
 * Restores a chain's stored surroundings; false, with nothing changed, if the value does not have the required shape.
 */
export function restoreSurroundings(chain: ChainHandle, value: unknown): boolean {
  const kept = keptSchema.safeParse(value)
  const { calibration, budgets, ...pristine } = createAssessor(
    chain.assessor.calibration,
    chain.assessor.budgets,
  )
  if (!kept.success || !isLike(kept.data.assessor, pristine)) return false
  // alerts that people marked as false are read from their verdicts
  const { falseAlarms } = chain.assessor.traffic
  Object.assign(chain.assessor, kept.data.assessor)
  chain.assessor.traffic = { ...chain.assessor.traffic, falseAlarms }
  for (const [address, functions] of kept.data.operations) chain.operations.set(address, functions)
  Object.assign(chain.signals, kept.data.signals)
  return true
}
