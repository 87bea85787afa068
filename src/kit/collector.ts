import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Resident memory in bytes up to which V8 alone decides when to collect. */
const ENOUGH = 256 * 2 ** 20
/** Bytes of growth after a collection, before the next. */
const STEP = 32 * 2 ** 20

export type CollectorOptions = { resident?: () => number; collect?: () => void }

/**
 * A function that collects garbage once resident memory has grown past a bound. With a gigabyte of heap available V8
 * leaves garbage uncollected: catching up held 950 MB of which 90 were in use, and holds 460 with this. A hard limit of
 * the heap would end the process at the one trace that needs more.
 */
export function createCollector(options: CollectorOptions = {}): () => void {
  const resident = options.resident ?? (() => process.memoryUsage.rss())
  let { collect } = options
  let bound = ENOUGH
  return () => {
    if (resident() < bound) return
    collect ??= exposedCollector()
    collect()
    bound = Math.max(ENOUGH, resident() + STEP)
  }
}

function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  return typeof gc === 'function' ? () => gc() : () => undefined
}
