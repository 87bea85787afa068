import { createAssessor } from '../calibrate/assessor.ts'
import { readRecorded } from '../chain/recorded.ts'
import { createEngine } from '../detect/engine/engine.ts'
import { detectors } from '../detect/registry.ts'
import { blockFacts } from '../facts/facts.ts'
import { loadCalibration } from '../files/calibration.ts'
import { withFiles } from '../files/detector-options.ts'
import { withRules } from '../files/rules.ts'
import { createDetection, type Detection, type DetectionLine, detectIn } from '../incidents/detection.ts'
import { type Config, DEFAULT_DECISION } from '../model/config.ts'
import type { Scope } from '../model/detector.ts'

/**
 * Detection as configured (detector options, learned models, shadow, calibration), without a chain; with the defaults
 * if there is no configuration. Throws `app.InvalidModel`, `app.InvalidCalibration`, `detect.InvalidOptions`.
 */
export async function openDetection(
  scope: Scope,
  config: Partial<Pick<Config, 'detectors' | 'shadow' | 'calibration' | 'decision' | 'rules'>> = {},
): Promise<Detection> {
  const { detectors: named = {}, shadow = [], calibration, decision = DEFAULT_DECISION, rules } = config
  const options = await withRules(await withFiles(named), rules)
  const engine = createEngine({ detectors, scope, shadow, options })
  return createDetection(engine, createAssessor(await loadCalibration(calibration), decision))
}

/**
 * Detection over recorded bundle files: findings, alerts and incidents as they come, a summary last. Throws the errors
 * of reading, after the lines about the blocks before the bad one; `progress` is called once per block.
 */
export async function* replay(
  files: readonly string[],
  detection: Detection,
  progress: (file: string, detection: Detection) => void,
): AsyncGenerator<DetectionLine> {
  for (const file of files) {
    for await (const update of readRecorded([file])) {
      if (update.kind === 'block' || update.kind === 'pending')
        yield* detectIn(detection, blockFacts(update.bundle))
      progress(file, detection)
    }
  }
}
