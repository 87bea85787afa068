import type { Progress } from './judge-files.ts'

const CELLS = 20

/** A bar with files done, transactions per second, and the estimated time for the remaining bytes. */
export function progressText({ files, transactions, bytes, seconds }: Progress): string {
  const share = bytes.of === 0 ? files.done / Math.max(1, files.of) : Math.min(1, bytes.read / bytes.of)
  const full = Math.floor(share * CELLS)
  const rate = Math.round(transactions / Math.max(seconds, 0.001))
  // before one second has passed, or one hundredth is read, an estimate would fluctuate
  const left = seconds < 1 || share < 0.01 ? '' : ` · ${duration((seconds * (1 - share)) / share)} left`
  return `[${'#'.repeat(full)}${'.'.repeat(CELLS - full)}] ${files.done}/${files.of} files · ${transactions} transactions · ${rate}/s${left}`
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  if (seconds < 3_600) return `${Math.ceil(seconds / 60)} min`
  return `${(seconds / 3_600).toFixed(1)} h`
}
