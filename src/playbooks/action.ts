import type { z } from 'zod'
import type { Run } from '../model/playbook.ts'

/**
 * An action that a playbook step can run. Its code may run again after a crash; a finished part inside
 * {@link ActionContext.durable} does not run again.
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
  /** The resolved value becomes the step's output: JSON, bigints as decimal strings. */
  run(context: ActionContext, args: Args): Promise<unknown>
}

export type ActionContext = {
  run: Run
  incidentId: string
  stepId: string
  /**
   * Runs `act` as one durable step named `stepId/name`: once it has resolved, its result (as JSON) is remembered across
   * crashes and across the step's own retries. It may run twice if the process dies while it runs, so it must tolerate
   * that. Calls must come in the same order each time the action runs.
   */
  durable<T>(name: string, act: () => Promise<T>): Promise<T>
  /** Waits `ms` milliseconds, counted from the first time, across crashes too. */
  sleep(ms: number): Promise<void>
  /**
   * Waits until `look` returns a value or the time is over, and returns that value. None of it is remembered: its
   * consequences belong in a {@link ActionContext.durable} step afterwards.
   */
  until<T>(wait: { deadline: number; look: () => Promise<T | undefined> }): Promise<T | undefined>
}
