import { sha256 } from '../kit/json.ts'
import type { App } from '../respond/context.ts'
import { deliver } from '../respond/outbox.ts'
import { type ChildOptions, runDrillChild } from './child.ts'
import { runSchedule } from './schedule.ts'

/** Runs the drills of the configuration beside watching; resolves when the signal aborts. */
export async function followSchedule(
  app: App,
  { signal, ...child }: ChildOptions & { signal: AbortSignal },
): Promise<void> {
  const { drills } = app.config
  if (drills.length === 0) return
  const { store, clock, logger } = app
  await runSchedule({
    ...{ drills, store, clock, logger, signal },
    run: (entry, stop) => runDrillChild(entry, child, stop),
    tell: ({ title, body }) =>
      deliver(app, {
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
      }),
  })
}
