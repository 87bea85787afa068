import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import type { BacktestReport, FailedFile } from '../calibrate/backtest.ts'
import { backtestReport } from '../calibrate/backtest.ts'
import type { Judgement } from '../calibrate/judged.ts'
import { loadCalibration } from '../files/calibration.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Calibration } from '../model/calibration.ts'
import { DEFAULT_DECISION } from '../model/config.ts'
import type { Label } from '../model/label.ts'
import { labelsSchema } from '../model/label.ts'
import type { JudgeFilesOptions } from './judge-files.ts'
import { judgeFiles } from './judge-files.ts'

export type BacktestOptions = JudgeFilesOptions & {
  /** Assumed duration of a needless pause, hours. */
  pauseHours: number
  /** The calibration whose scores and thresholds are used; the shipped one when left out. */
  calibration?: Calibration | undefined
  /** The cost of a pause, in basis points of the value at stake. */
  pauseCostBps?: number | undefined
  /** Blocks from the head at which an alert is known to the block that contains the action; 1 when left out. */
  actionBlocks?: number | undefined
  /** Transactions of the protected contracts per day; the calibration's when left out. */
  perDay?: number | undefined
  /** Where contracts are protected, judges everything a second time with nothing protected, and compares the two. */
  compareOpen?: boolean | undefined
}

/**
 * Detection over recorded files, scored by labels. With `onFailure`, a file that cannot be read is left out completely
 * and named in the report; otherwise throws the errors of reading. Throws `app.Interrupted`.
 */
export async function backtest(options: BacktestOptions): Promise<BacktestReport> {
  const { files, onFailure, pauseHours, perDay, trainBefore } = options
  const failed: FailedFile[] = []
  const unreadable = new Set<string>()
  const calibration = options.calibration ?? (await loadCalibration(undefined))
  const judgement = await judgeFiles({
    ...options,
    onFailure:
      onFailure &&
      ((file, thrown) => {
        const code = thrown instanceof CordonError ? thrown.code : 'unexpected'
        failed.push({ file: basename(file), code })
        unreadable.add(file)
        onFailure(file, thrown)
      }),
  })
  const open = await openJudgement(options, { judgement, unreadable })
  return backtestReport(judgement, {
    open,
    calibration,
    files: files.map((file) => basename(file)),
    failed,
    pauseHours,
    pauseCostBps: options.pauseCostBps ?? DEFAULT_DECISION.pauseCostBps,
    actionBlocks: options.actionBlocks ?? 1,
    perDay,
    trainBefore,
  })
}

/** The same files with nothing protected; those that could not be read are left out. Throws the errors of reading. */
async function openJudgement(
  options: BacktestOptions,
  { judgement, unreadable }: { judgement: Judgement; unreadable: ReadonlySet<string> },
): Promise<Judgement | null> {
  const { files, protect, protectLabelled, compareOpen = false, onFailure } = options
  if (protect.length === 0 && !protectLabelled) return judgement
  if (!compareOpen) return null
  const readable = files.filter((file) => !unreadable.has(file))
  const open = { ...options, files: readable, protect: [], protectLabelled: false }
  return judgeFiles({ ...open, onFailure: onFailure && (() => {}) })
}

/** Reads a label file. Throws `app.InvalidLabels`. */
export async function readLabels(file: string): Promise<Label[]> {
  try {
    return labelsSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 400) : messageOf(cause)
    throw new CordonError({
      code: 'app.InvalidLabels',
      message: `The labels in ${file} cannot be used.`,
      facts: { file, reason },
      fix: 'Give a JSON list of { id, label: "attack" | "benign", transactions: [hash], vulnerableContracts?, tags?, … }; docs/guides/backtest.md.',
      cause,
    })
  }
}
