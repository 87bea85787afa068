import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CordonError, messageOf } from '../kit/error.ts'
import { packageRoot } from '../kit/package-root.ts'
import type { Calibration } from '../model/calibration.ts'
import { calibrationSchema } from '../model/calibration.ts'

/** A configuration that names no calibration uses this file next to it, where it exists. */
export const CALIBRATION_FILE = 'cordon.calibration.json'

/**
 * The calibration from a file; without a path the shipped one, made from the recorded corpus. Throws
 * `app.InvalidCalibration`.
 */
export async function loadCalibration(path: string | undefined): Promise<Calibration> {
  const file = path ?? join(packageRoot(), 'rules', 'calibration.json')
  try {
    return calibrationSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 400) : messageOf(cause)
    throw new CordonError({
      code: 'app.InvalidCalibration',
      message: `The calibration ${file} cannot be used.`,
      facts: { file, reason },
      fix: 'Make it again with `cordon calibrate`, or remove `calibration` from the configuration: Cordon then uses the shipped one.',
      cause,
    })
  }
}
