import type { Clock } from '../kit/clock.ts'
import { durationMs, durationText } from '../kit/duration.ts'
import { messageOf } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import type { Config } from '../model/config.ts'
import { endTurn, lastTurn, type ScheduledDrill, takeTurn } from '../store/drills.ts'
import type { Store } from '../store/store.ts'

export type DrillEntry = Config['drills'][number]
/** The result of a drill, in one line. */
export type TurnEnd = { passed: boolean; detail: string }

export type ScheduleOptions = {
  drills: readonly DrillEntry[]
  store: Store
  clock: Clock
  logger: Logger
  signal: AbortSignal
  /** Runs a drill, isolated from the watcher. */
  run(entry: DrillEntry, signal: AbortSignal): Promise<TurnEnd>
  /** Pages operations: a drill failed or was missed. */
  tell(words: { title: string; body: string }): Promise<unknown>
}

const LONGEST_SLEEP_MS = 60_000
/** A turn without an end counts as aborted after this time. */
const BROKEN_OFF_MS = 2 * 3_600_000

/**
 * Runs drills as often as the configuration requires, until the signal aborts. Turns lie on a grid of `every` since
 * 1970, so that processes with one database agree on them and one takes each; the first is due immediately. A turn that
 * no process took is missed, and is reported like a failure. Never rejects: an error is logged, and the turn is tried
 * again.
 */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { drills, clock, logger, signal } = options
  while (!signal.aborted) {
    for (const entry of drills) {
      if (signal.aborted) return
      await turn(options, entry).catch((thrown) =>
        logger.error(
          { drill: nameOf(entry), reason: messageOf(thrown) },
          'a scheduled drill could not be seen to',
        ),
      )
    }
    const next = Math.min(...drills.map((entry) => slotOf(entry, clock.now()) + everyOf(entry)))
    await clock.sleep(Math.max(1, Math.min(next - clock.now(), LONGEST_SLEEP_MS)), signal)
  }
}

/** All its settings, so that a changed entry is a new schedule. */
export function nameOf({ every, attack, people, mempool, standing }: DrillEntry): string {
  const extras = [mempool ? 'mempool' : '', standing ? '' : 'no-standing'].filter((word) => word !== '')
  return [attack, people, ...extras, every].join('/')
}

function everyOf({ every }: DrillEntry): number {
  return durationMs(every) ?? Number.POSITIVE_INFINITY
}

function slotOf(entry: DrillEntry, now: number): number {
  return Math.floor(now / everyOf(entry)) * everyOf(entry)
}

async function turn(options: ScheduleOptions, entry: DrillEntry): Promise<void> {
  const { store, clock } = options
  const schedule = nameOf(entry)
  const last = await lastTurn(store, schedule)
  if (last !== undefined) await closeBroken(options, last)
  const dueAt = slotOf(entry, clock.now())
  if (last !== undefined && last.dueAt >= dueAt) return
  if (last !== undefined) await missed(options, entry, { from: last.dueAt + everyOf(entry), dueAt })
  if (!(await takeTurn(store, { schedule, dueAt, startedAt: clock.now() }))) return
  const end = await carryOut(options, entry)
  const outcome = end.passed ? 'passed' : 'failed'
  await endTurn(store, { schedule, dueAt, endedAt: clock.now(), outcome, detail: end.detail })
  options.logger.info({ drill: schedule, outcome, detail: end.detail }, 'a scheduled drill has ended')
  if (!end.passed) await tellFailure(options, { schedule, detail: end.detail })
}

async function carryOut({ run, signal }: ScheduleOptions, entry: DrillEntry): Promise<TurnEnd> {
  try {
    return await run(entry, signal)
  } catch (thrown) {
    return { passed: false, detail: messageOf(thrown).slice(0, 500) }
  }
}

/** Slots before the due one that no process took: stored as one, reported once. */
async function missed(
  { store, clock, tell }: ScheduleOptions,
  entry: DrillEntry,
  { from, dueAt }: { from: number; dueAt: number },
): Promise<void> {
  const count = Math.round((dueAt - from) / everyOf(entry))
  if (count <= 0) return
  const schedule = nameOf(entry)
  const now = clock.now()
  if (!(await takeTurn(store, { schedule, dueAt: from, startedAt: now }))) return
  const detail = `${count} in a row, the first due ${new Date(from).toISOString()}: Cordon was not running`
  await endTurn(store, { schedule, dueAt: from, endedAt: now, outcome: 'missed', detail })
  const body = `${detail}. The next starts now, and then every ${durationText(everyOf(entry))}.`
  await tell({ title: `DRILL: scheduled drill ${schedule} was missed`, body })
}

async function closeBroken(options: ScheduleOptions, last: ScheduledDrill): Promise<void> {
  const { store, clock } = options
  if (last.outcome !== null || clock.now() - last.startedAt < BROKEN_OFF_MS) return
  const detail = 'it started and never ended: its process died'
  if (await endTurn(store, { ...last, endedAt: clock.now(), outcome: 'failed', detail }))
    await tellFailure(options, { schedule: last.schedule, detail })
}

function tellFailure(
  { tell }: ScheduleOptions,
  { schedule, detail }: { schedule: string; detail: string },
): Promise<unknown> {
  const title = `DRILL: scheduled drill ${schedule} failed`
  return tell({
    title,
    body: `${detail}. Read \`cordon drill report\`, fix the cause, and run the drill again.`,
  })
}
