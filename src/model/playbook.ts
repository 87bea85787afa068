import { z } from 'zod'
import { severitySchema } from './finding.ts'

/** A step: an action by name with its arguments. Unknown fields are refused, so a typo is an error. */
export const stepSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  action: z.string(),
  args: z.record(z.string(), z.unknown()).default({}),
  /** What a failure of this step does to the steps after it. The default never stops them. */
  onFailure: z.enum(['continue', 'stop']).default('continue'),
  retry: z
    .strictObject({ attempts: z.number().int().min(1).max(20), delayMs: z.number().int().min(0) })
    .optional(),
})
export type Step = z.infer<typeof stepSchema>

export const playbookSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  title: z.string(),
  owner: z.string(),
  level: z.enum(['experimental', 'test', 'stable']),
  description: z.string(),
  references: z.array(z.string()).default([]),
  when: z.strictObject({
    severity: severitySchema,
    /** Any of these; empty means all. */
    categories: z.array(z.string()).default([]),
  }),
  steps: z.array(stepSchema).min(1),
})
export type Playbook = z.infer<typeof playbookSchema>

/** A playbook as it was when a run began: runs are pinned to this hash, so an edit never reaches them. */
export type PinnedPlaybook = { contentHash: string; source: string; playbook: Playbook }

export const runStates = ['running', 'succeeded', 'failed'] as const

export const stepResultSchema = z.object({
  stepId: z.string(),
  state: z.enum(['succeeded', 'failed', 'skipped']),
  startedAt: z.number().int(),
  endedAt: z.number().int(),
  /** What the action gives back: plain JSON. */
  output: z.unknown(),
  error: z.object({ code: z.string(), message: z.string(), fix: z.string() }).nullable(),
})
export type StepResult = z.infer<typeof stepResultSchema>

export const runSchema = z.object({
  id: z.string(),
  incidentId: z.string(),
  playbookId: z.string(),
  contentHash: z.string(),
  state: z.enum(runStates),
  startedAt: z.number().int(),
  endedAt: z.number().int().nullable(),
  steps: z.array(stepResultSchema),
})
export type Run = z.infer<typeof runSchema>
