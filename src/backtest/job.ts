import type { TrainEnd } from '../calibrate/judged.ts'
import { withFiles } from '../files/detector-options.ts'
import { withRules } from '../files/rules.ts'
import type { Address } from '../model/hex.ts'
import type { Label } from '../model/label.ts'

/** How every file is judged. Plain data: it is handed to worker threads. */
export type JudgeJob = {
  labels: readonly Label[]
  /** Contracts to protect in every file; with none, everything is watched. */
  protect: readonly Address[]
  /** Protect, in each file, what the labels call vulnerable there too. */
  protectLabelled: boolean
  /** Options by detector id; defaults when left out. */
  detectors?: Readonly<Record<string, unknown>>
  shadow?: readonly string[]
  /** Rule files, folders or patterns; none when left out. */
  rules?: readonly string[] | 'shipped'
  /** What comes before it teaches and is not counted. */
  trainBefore?: TrainEnd
}

/** Rules hold compiled expressions, which no thread can be handed: each loads them. Throws what `withFiles` and `loadRules` throw. */
export async function detectorOptions({ detectors = {}, rules }: JudgeJob): Promise<Record<string, unknown>> {
  const options = await withFiles(detectors)
  return rules === undefined ? options : withRules(options, rules === 'shipped' ? undefined : rules)
}
