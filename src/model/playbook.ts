import { z } from 'zod'
import { durationMs } from '../kit/duration.ts'
import { severitySchema } from './finding.ts'
import { hexSchema } from './hex.ts'
import { protocolKindSchema } from './protocol-kind.ts'
import { roleIdSchema } from './role.ts'

const DAY_MS = 86_400_000
/** Longest wait, days: a timer of the runtime can hold at most 24.8. */
const MOST_DAYS = 20

const idSchema = z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes')

export const durationSchema = z
  .string()
  .regex(/^(\d{1,6}(ms|s|m|h|d))+$/, 'a duration as 30s, 15m, 1h30m or 2d')
  .refine((text) => (durationMs(text) ?? 0) <= MOST_DAYS * DAY_MS, `at most ${MOST_DAYS} days`)
  .describe('30s, 15m, 1h30m, 2d')

const expressionSchema = z.string().min(1).max(2_000)

const retrySchema = z.strictObject({
  attempts: z.number().int().min(1).max(20),
  /** The first wait, milliseconds. */
  delayMs: z.number().int().min(0),
  /** `exponential` doubles the wait each time, up to `maxDelayMs`. */
  backoff: z.enum(['fixed', 'exponential']).optional(),
  /** 30,000 by default. */
  maxDelayMs: z.number().int().min(0).max(3_600_000).optional(),
})
export type Retry = z.infer<typeof retrySchema>

/** The fields of every Step. Optional fields are omitted where they are not given: so old hashes stay valid. */
const common = {
  id: idSchema,
  title: z.string().max(200).optional(),
  /** The effect of this step's failure on the steps after it. By default it never stops them. */
  onFailure: z
    .enum(['continue', 'stop'])
    .default('continue')
    .describe('What a failure of this step does to the steps after it; the default never stops them'),
  /** Runs when this step failed, was refused, or timed out without `onTimeout`. */
  recover: z
    .lazy(() => stepsSchema)
    .optional()
    .describe('Done when this step failed, was refused or ran out of time'),
  /** Runs when the playbook is stopped after this step succeeded, the last step's first. */
  compensate: z
    .lazy(() => stepsSchema)
    .optional()
    .describe('Done, last first, when the playbook is stopped after this step succeeded'),
}
const onTimeout = z
  .lazy(() => stepsSchema)
  .optional()
  .describe('Done when the time is over')
const rolesNamed = z.array(roleIdSchema).min(1)

const actionStep = z.strictObject({
  ...common,
  action: z.string(),
  args: z.record(z.string(), z.unknown()).default({}),
  retry: retrySchema.optional(),
})
const parallelStep = z.strictObject({
  ...common,
  /** Branches: lists of steps that run in parallel. */
  parallel: z
    .array(z.lazy(() => stepsSchema))
    .min(2)
    .max(16),
})
const ifStep = z.strictObject({
  ...common,
  /** CEL over `incident`, `alert`, `steps`, `item`, `people`; returns a bool. */
  if: expressionSchema.describe('CEL over incident, alert, steps, item, people; gives true or false'),
  // biome-ignore lint/suspicious/noThenProperty: the word of the language; a step is never awaited
  then: z.lazy(() => stepsSchema),
  else: z.lazy(() => stepsSchema).optional(),
})
const forEachStep = z.strictObject({
  ...common,
  /** CEL that returns a list of at most 100 items; each is `item` in turn. */
  forEach: expressionSchema.describe('CEL that gives a list of at most 100; each is item in turn'),
  steps: z.lazy(() => stepsSchema),
})
const waitStep = z.strictObject({
  ...common,
  wait: z.union([
    z.strictObject({ for: durationSchema }),
    z.strictObject({ signal: idSchema, timeout: durationSchema }),
  ]),
  onTimeout,
})
const taskStep = z.strictObject({
  ...common,
  /** A task for people; they answer with `cordon playbooks signal RUN STEP done|refuse --by NAME`. */
  task: z.strictObject({
    title: z.string().min(1).max(200),
    instructions: z.string().min(1).max(4_000),
    roles: rolesNamed,
    timeout: durationSchema,
    /** The task ends, as done, as soon as the incident is contained by any means: people are not called any more. */
    endsWhen: z
      .literal('contained')
      .optional()
      .describe('The task is over, and done, as soon as the incident is contained'),
  }),
  onTimeout,
})
const approvalStep = z.strictObject({
  ...common,
  /** An agreement of `quorum` people in the roles, within `ttl`. One refusal refuses. */
  approval: z.strictObject({
    title: z.string().min(1).max(200),
    instructions: z.string().max(4_000).default(''),
    roles: rolesNamed,
    quorum: z.number().int().min(1).max(20).default(1),
    ttl: durationSchema,
  }),
  onTimeout,
})
const playbookStep = z.strictObject({
  ...common,
  /** The id of another playbook; its steps run here. */
  playbook: idSchema,
})

type Common = {
  id: string
  title?: string | undefined
  onFailure: 'continue' | 'stop'
  recover?: Step[] | undefined
  compensate?: Step[] | undefined
}
export type ActionStep = Common & {
  action: string
  args: Record<string, unknown>
  retry?: Retry | undefined
}
export type ParallelStep = Common & { parallel: Step[][] }
export type IfStep = Common & { if: string; then: Step[]; else?: Step[] | undefined }
export type ForEachStep = Common & { forEach: string; steps: Step[] }
type Timed = { onTimeout?: Step[] | undefined }
export type WaitStep = Common & Timed & { wait: { for: string } | { signal: string; timeout: string } }
type Asked = { title: string; instructions: string; roles: z.infer<typeof rolesNamed> }
export type TaskStep = Common &
  Timed & { task: Asked & { timeout: string; endsWhen?: 'contained' | undefined } }
export type ApprovalStep = Common & Timed & { approval: Asked & { quorum: number; ttl: string } }
export type PlaybookStep = Common & { playbook: string }

/** A Step: one block of a playbook. Its keyword shows which block: `action`, `parallel`, `if`, … */
export type Step =
  | ActionStep
  | ParallelStep
  | IfStep
  | ForEachStep
  | WaitStep
  | TaskStep
  | ApprovalStep
  | PlaybookStep

/** In the order of the union below: an error in a step is reported in terms of the intended block. */
export const blocks = ['action', 'parallel', 'if', 'forEach', 'wait', 'task', 'approval', 'playbook'] as const

/** Unknown fields are rejected in every block, so a typo is an error. */
export const stepSchema: z.ZodType<Step> = z
  .union([actionStep, parallelStep, ifStep, forEachStep, waitStep, taskStep, approvalStep, playbookStep])
  .meta({ id: 'step' })
const stepsSchema: z.ZodType<Step[]> = z.array(stepSchema).min(1).max(200).meta({ id: 'steps' })

export const playbookSchema = z.strictObject({
  id: idSchema,
  title: z.string(),
  owner: z.string(),
  level: z.enum(['experimental', 'test', 'stable']),
  description: z.string(),
  references: z.array(z.string()).default([]),
  when: z.strictObject({
    severity: severitySchema,
    /** Any of these; empty means all. */
    categories: z.array(z.string()).default([]),
    /** The attacked contract is one of these kinds; when left out, any kind. */
    protocols: z
      .array(protocolKindSchema)
      .min(1)
      .optional()
      .describe('What was attacked is one of these; left out means anything'),
    /** True: also for anything that no other playbook names. */
    otherwise: z.literal(true).optional().describe('Also for whatever no other playbook names'),
    /** True: started by people only, never by an alert. */
    manual: z.boolean().optional(),
  }),
  /** Why it contains nothing, where that is so. */
  notContained: z.string().min(1).max(500).optional().describe('Why it contains nothing, where it does not'),
  steps: stepsSchema,
})
export type Playbook = z.infer<typeof playbookSchema>

/** The steps of every playbook that a playbook calls, by id. */
export const partsSchema = z.record(z.string(), stepsSchema)
export type Parts = z.infer<typeof partsSchema>

/** A playbook as it was when a run began: runs are pinned to this hash, so an edit never reaches them. */
export type PinnedPlaybook = { contentHash: string; source: string; playbook: Playbook; parts?: Parts }

export const runStates = ['running', 'succeeded', 'failed'] as const
export const stepStates = ['succeeded', 'failed', 'skipped', 'refused', 'timed-out'] as const

export const stepResultSchema = z.object({
  /** The step's id; a suffix `[n]` is the nth iteration of a loop, a prefix `call/` its playbook step. */
  stepId: z.string(),
  state: z.enum(stepStates),
  startedAt: z.number().int(),
  endedAt: z.number().int(),
  /** The result of the step: plain JSON. */
  output: z.unknown(),
  error: z.object({ code: z.string(), message: z.string(), fix: z.string() }).nullable(),
})
export type StepResult = z.infer<typeof stepResultSchema>

export const runSchema = z.object({
  id: z.string(),
  incidentId: z.string(),
  playbookId: z.string(),
  contentHash: z.string(),
  /** 1, plus one each time the incident reopens and is answered again. */
  attempt: z.number().int().positive().default(1),
  state: z.enum(runStates),
  startedAt: z.number().int(),
  endedAt: z.number().int().nullable(),
  /** False in a drill without participants: `people` in conditions. A real incident always has people. */
  people: z.boolean().default(true),
  steps: z.array(stepResultSchema),
})
export type Run = z.infer<typeof runSchema>

export const answers = ['done', 'refuse'] as const

/** A Signal: a person's answer to a waiting run. Written once, before it is delivered. */
export const signalSchema = z.object({
  runId: z.string(),
  /** A step's id as in the run's results, or the name that a `wait` step waits for. */
  target: z.string(),
  answer: z.enum(answers),
  author: z.string(),
  /** The roles that the configuration gives this person. */
  roles: z.array(roleIdSchema),
  note: z.string(),
  /** Whether the answer is theirs: signed with the address that the configuration has for them; or by name. */
  proof: z.enum(['signed', 'named', 'unsigned']).default('named'),
  /** EIP-712 over the answer; null where it is not signed. */
  signature: hexSchema.nullable().default(null),
  /** Milliseconds since the epoch. */
  givenAt: z.number().int(),
})
export type Signal = z.infer<typeof signalSchema>
