import type { Progress } from '../backtest/judge-files.ts'
import { progressText } from '../backtest/progress.ts'
import { CordonError } from '../kit/error.ts'
import type { Io } from './io.ts'

/** For commands that judge many files at once. */
export const WORKERS_OPTION: [string, string] = [
  '--workers <n>',
  'files judged in parallel, one thread each (default: up to the number of cores)',
]
export const RESUME_OPTION: [string, string] = [
  '--resume <file>',
  'keep finished work in this file and resume from it',
]

/** A whole number above 0. Throws `app.InvalidNumber`. */
export function wholeNumber(text: string, option: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new CordonError({
    code: 'app.InvalidNumber',
    message: `${option} must be a whole number above 0, not “${text.slice(0, 40)}”.`,
    facts: { option, got: text.slice(0, 40) },
    fix: `Give a number, for example ${option} 2.`,
  })
}

const DRAW_EVERY_MS = 100

export function progressBar(io: Io): (progress: Progress) => void {
  let drawn = Number.NEGATIVE_INFINITY
  return (progress) => {
    const now = performance.now()
    if (now - drawn < DRAW_EVERY_MS) return
    drawn = now
    io.progress(progressText(progress))
  }
}
