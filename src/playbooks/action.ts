import type { z } from 'zod'
import type { Run } from '../model/playbook.ts'

/**
 * What a playbook step can do. An action's code may run again after a crash; what it does inside
 * {@link ActionContext.durable} and has finished is not done again.
 *
 * @example
 * const report: Action<{ formats: string[] }> = {
 *   name: 'report',
 *   args: z.strictObject({ formats: z.array(z.string()) }),
 *   run: (context, args) => context.durable('write', () => writeReport(context.incidentId, args.formats)),
 * }
 */
export type Action<Args = unknown> = {
  name: string
  args: z.ZodType<Args>
  /** What it resolves to becomes the step's output: JSON, bigints as decimal strings. */
  run(context: ActionContext, args: Args): Promise<unknown>
}

export type ActionContext = {
  run: Run
  incidentId: string
  stepId: string
  /**
   * Runs `act` as one durable step named `stepId/name`: once it has resolved, its result (as JSON) is
   * remembered over crashes and over the step's own retries. It may run twice if the process dies while it
   * runs, so it must bear that. Calls must come in the same order each time the action runs.
   */
  durable<T>(name: string, act: () => Promise<T>): Promise<T>
  /** Waits `ms` milliseconds, counted from the first time, over crashes too. */
  sleep(ms: number): Promise<void>
  /**
   * Waits until `look` finds something or the time is over, and gives back what it found. Nothing of it is remembered: what
   * came of it belongs into a {@link ActionContext.durable} step after.
   */
  until<T>(wait: { deadline: number; look: () => Promise<T | undefined> }): Promise<T | undefined>
}
