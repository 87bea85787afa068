import { readLabels } from '../backtest/backtest.ts'
import type { JudgedAlert } from '../backtest/calibrate.ts'
import { retrain } from '../backtest/retrain/retrain.ts'
import { describeRetrained } from '../backtest/retrain/retrain-text.ts'
import { trainEndOf } from '../backtest/train-end.ts'
import type { Io } from './io.ts'
import { EXIT } from './io.ts'
import { loadedOrFail } from './loaded.ts'

/** The file of a retrained score where `--out` names none. */
export const SCORE_FILE = 'attack-score.json'

export type RetrainCommand = {
  files: readonly string[]
  labels: string | undefined
  verdicts: readonly JudgedAlert[]
  config: string | undefined
  trainBefore: string | undefined
  out: string | null
}

/** `cordon calibrate --train`: continues the training of the learned score on the user's own labelled transactions. */
export async function retrainFrom(command: RetrainCommand, io: Io): Promise<number> {
  const { files, labels, verdicts, config, trainBefore, out } = command
  const retrained = await retrain({
    files,
    labels: labels === undefined ? [] : await readLabels(labels),
    verdicts,
    detectors: config === undefined ? {} : (await loadedOrFail({ config }, io)).config.detectors,
    trainBefore: trainBefore === undefined ? undefined : trainEndOf(trainBefore),
    out,
    progress: (text) => io.progress(text),
    signal: io.signal,
  })
  io.emit(retrained)
  for (const line of describeRetrained(retrained)) io.say(line)
  return EXIT.ok
}
