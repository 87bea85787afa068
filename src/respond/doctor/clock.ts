import type { ProbeBlock } from './blocks.ts'
import { type Check, failed, ok, warning } from './check.ts'

/** Maximum age of a head, in blocks, and seconds at least. */
const LATE_BLOCKS = 10
const LATE_SECONDS = 60
/** Seconds that a newest block may be ahead of this machine. */
const AHEAD_SECONDS = 15

/** Compares the newest block's own time with this machine's clock, by the chain's own time between blocks. */
export function clockCheck(head: ProbeBlock, blockSeconds: number | null): Check {
  const name = 'head and clock'
  const age = Math.round(Date.now() / 1000 - head.timestamp)
  const pace = blockSeconds === null ? '' : `; blocks come every ${Math.round(blockSeconds * 10) / 10} s`
  const detail = `block ${head.number} is ${age} s old by this machine’s clock${pace}`
  if (age < -AHEAD_SECONDS)
    return failed({ name, detail, fix: 'This machine’s clock is behind: set up NTP.' })
  if (age <= Math.max(LATE_SECONDS, LATE_BLOCKS * (blockSeconds ?? 0))) return ok(name, detail)
  const fix = 'The chain rests or stands, the node is behind, or this machine’s clock is wrong (check NTP).'
  return warning({ name, detail, fix })
}
