import { CordonError, messageOf } from '../../kit/error.ts'
import type { SourceNotice } from '../../model/block.ts'
import { failureKindOf } from './failure.ts'

/** One period of trouble with a source: reported when it begins, at intervals while it lasts, and when it is over. */
export type Trouble = {
  /** The start, milliseconds; null while there is no trouble. */
  since: number | null
  /** When it was last reported, and the interval until the next report. */
  toldAt: number
  againAfterMs: number
  /** Reason → how often. */
  counts: Map<string, number>
  lastAt: number
}

const FIRST_AGAIN_MS = 60_000
/** The time without trouble after which it is over, milliseconds. */
const OVER_AFTER_MS = 10_000

export function noTrouble(): Trouble {
  return { since: null, toldAt: 0, againAfterMs: FIRST_AGAIN_MS, counts: new Map(), lastAt: 0 }
}

/** Counts a failure; returns a notice where one is due: 10 % errors are one notice a minute, not five a second. */
export function noteTrouble(trouble: Trouble, thrown: unknown, now: number): SourceNotice | undefined {
  const reason = failureKindOf(thrown) ?? (thrown instanceof CordonError ? thrown.code : 'unexpected')
  trouble.counts.set(reason, (trouble.counts.get(reason) ?? 0) + 1)
  trouble.lastAt = now
  const isNewReason = trouble.counts.get(reason) === 1
  const isNew = trouble.since === null
  trouble.since ??= now
  if (!isNew && !isNewReason && now - trouble.toldAt < trouble.againAfterMs) return undefined
  trouble.againAfterMs = isNew ? FIRST_AGAIN_MS : Math.min(trouble.againAfterMs * 2, 3_600_000)
  trouble.toldAt = now
  const facts = thrown instanceof CordonError ? { code: thrown.code, ...thrown.facts, fix: thrown.fix } : {}
  const count = [...trouble.counts.values()].reduce((sum, one) => sum + one, 0)
  const message = count === 1 ? messageOf(thrown) : `${messageOf(thrown)} ${sofar(trouble, now)}`
  return {
    code: 'source-trouble',
    message,
    facts: { ...facts, failures: Object.fromEntries(trouble.counts) },
  }
}

/** Records a success; returns a notice where trouble has been over for a while. */
export function noteWell(trouble: Trouble, now: number): SourceNotice | undefined {
  if (trouble.since === null || now - trouble.lastAt < OVER_AFTER_MS) return undefined
  const facts = {
    failures: Object.fromEntries(trouble.counts),
    seconds: seconds(trouble.since, trouble.lastAt),
  }
  const message = `The chain's endpoints answer again. ${sofar(trouble, trouble.lastAt)}`
  Object.assign(trouble, noTrouble())
  return { code: 'source-recovered', message, facts }
}

function sofar({ counts, since }: Trouble, now: number): string {
  const list = [...counts].map(([reason, count]) => `${count} × ${reason}`).join(', ')
  return `(in ${seconds(since ?? now, now)} s: ${list})`
}

function seconds(from: number, to: number): number {
  return Math.round((to - from) / 1_000)
}
