import type { Clock } from '../kit/clock.ts'
import { sha256 } from '../kit/json.ts'
import type { Logger } from '../kit/logger.ts'
import type { Config } from '../model/config.ts'
import type { Notification } from '../model/notification.ts'
import type { Store } from '../store/store.ts'
import { type ChildOptions, runDrillChild } from './child.ts'
import { runSchedule } from './schedule.ts'

export type ScheduleOptions = ChildOptions & {
  config: Pick<Config, 'drills'>
  store: Store
  clock: Clock
  logger: Logger
  /** Pages the people who run operations. */
  page: (notification: Notification) => Promise<unknown>
  signal: AbortSignal
}

/** Runs the drills of the configuration next to watching; resolves when the signal aborts. */
export async function followSchedule(options: ScheduleOptions): Promise<void> {
  const { config, store, clock, logger, page, signal, ...child } = options
  const { drills } = config
  if (drills.length === 0) return
  await runSchedule({
    ...{ drills, store, clock, logger, signal },
    run: (entry, stop) => runDrillChild(entry, child, stop),
    tell: async ({ title, body }) => {
      await page({
        id: sha256(`${title}:${body}:${clock.now()}`).slice(0, 32),
        incidentId: null,
        kind: 'drill',
        roles: ['operations'],
        recipients: [],
        severity: 'medium',
        title,
        body,
        at: clock.now(),
        facts: {},
      })
    },
  })
}
