import type { TrainEnd } from '../calibrate/judged.ts'
import { withFiles } from '../files/detector-options.ts'
import { withRules } from '../files/rules.ts'
import type { Address } from '../model/hex.ts'
import type { Label } from '../model/label.ts'

/** How every file is judged. Plain data: it is passed to worker threads. */
export type JudgeJob = {
  labels: readonly Label[]
  /** Contracts to protect in every file; with none, everything is watched. */
  protect: readonly Address[]
  /** In each file, also protect the contracts that the labels there call vulnerable. */
  protectLabelled: boolean
  /** Options by detector id; defaults when left out. */
  detectors?: Readonly<Record<string, unknown>>
  shadow?: readonly string[]
  /** Rule files, folders or patterns; none when left out. */
  rules?: readonly string[] | 'shipped'
  /** Blocks before this are for training and are not counted. */
  trainBefore?: TrainEnd
}

/**
 * Rules hold compiled expressions, which cannot be passed to a thread: each thread loads them. Throws the errors of
 * `withFiles` and `loadRules`.
 */
export async function detectorOptions({ detectors = {}, rules }: JudgeJob): Promise<Record<string, unknown>> {
  const options = await withFiles(detectors)
  return rules === undefined ? options : withRules(options, rules === 'shipped' ? undefined : rules)
}
