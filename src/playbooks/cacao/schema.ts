import { z } from 'zod'

/** Cordon's additions to a CACAO step, under its own extension definition. */
export const EXTENSION = 'extension-definition--7d0f6a52-3c1e-5b8a-9f44-c0d0c0ffee01'

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const idOf = (...types: string[]): z.ZodString =>
  z.string().regex(new RegExp(`^(${types.join('|')})--${uuid}$`), `an id as ${types[0]}--UUID`)
const timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'a UTC time of RFC 3339')

export const STEP_TYPES = [
  'start',
  'end',
  'action',
  'playbook-action',
  'parallel',
  'if-condition',
  'while-condition',
  'switch-condition',
] as const
const stepId = idOf(...STEP_TYPES)

const common = {
  name: z.string().optional(),
  description: z.string().optional(),
  /** Milliseconds. */
  delay: z.number().int().min(0).optional(),
  timeout: z.number().int().min(0).optional(),
  on_completion: stepId.optional(),
  on_success: stepId.optional(),
  on_failure: stepId.optional(),
  step_extensions: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
}
const commandSchema = z.looseObject({ type: z.string(), command: z.string().optional() })

/** CACAO 2.0, chapter 4: workflow steps by type. */
export const cacaoStepSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('start'), ...common }),
  z.looseObject({ type: z.literal('end'), ...common }),
  z.looseObject({
    type: z.literal('action'),
    ...common,
    commands: z.array(commandSchema).min(1),
    agent: z.string().optional(),
  }),
  z.looseObject({ type: z.literal('playbook-action'), ...common, playbook_id: idOf('playbook') }),
  z.looseObject({ type: z.literal('parallel'), ...common, next_steps: z.array(stepId).min(1) }),
  z.looseObject({
    type: z.literal('if-condition'),
    ...common,
    condition: z.string(),
    on_true: stepId,
    on_false: stepId.optional(),
  }),
  z.looseObject({ type: z.literal('while-condition'), ...common, condition: z.string(), on_true: stepId }),
  z.looseObject({
    type: z.literal('switch-condition'),
    ...common,
    switch: z.string(),
    cases: z.record(z.string(), stepId),
  }),
])
export type CacaoStep = z.infer<typeof cacaoStepSchema>

/** CACAO 2.0, chapter 3: the required fields and those that Cordon writes. */
export const cacaoSchema = z.looseObject({
  type: z.literal('playbook'),
  spec_version: z.literal('cacao-2.0'),
  id: idOf('playbook'),
  name: z.string().min(1),
  description: z.string().optional(),
  created_by: idOf('identity'),
  created: timestamp,
  modified: timestamp,
  workflow_start: idOf('start'),
  workflow: z.record(stepId, cacaoStepSchema),
  agent_definitions: z.record(z.string(), z.looseObject({ type: z.string(), name: z.string() })).optional(),
  labels: z.array(z.string()).optional(),
  external_references: z.array(z.looseObject({ name: z.string() })).optional(),
})
export type Cacao = z.infer<typeof cacaoSchema>

/**
 * Problems that the schema cannot detect: dangling references and mutually exclusive fields. Empty if there are none.
 */
export function problemsOf(playbook: Cacao): string[] {
  const problems: string[] = []
  const { workflow } = playbook
  if (!Object.hasOwn(workflow, playbook.workflow_start)) problems.push('workflow_start is no step')
  for (const [id, step] of Object.entries(workflow)) {
    if (!id.startsWith(`${step.type}--`)) problems.push(`${id} is a step of type ${step.type}`)
    if (step.on_completion !== undefined && (step.on_success ?? step.on_failure) !== undefined)
      problems.push(`${id} has on_completion beside on_success or on_failure`)
    if (step.type === 'end' && nextOf(step).length > 0) problems.push(`${id} ends and goes on`)
    if (step.type !== 'end' && nextOf(step).length === 0) problems.push(`${id} leads nowhere`)
    for (const next of nextOf(step))
      if (!Object.hasOwn(workflow, next)) problems.push(`${id} leads to ${next}`)
    if (
      step.type === 'action' &&
      step.agent !== undefined &&
      !Object.hasOwn(playbook.agent_definitions ?? {}, step.agent)
    )
      problems.push(`${id} is for ${step.agent}`)
  }
  return problems
}

function nextOf(step: CacaoStep): string[] {
  const { on_completion, on_success, on_failure } = step
  const own =
    step.type === 'parallel'
      ? step.next_steps
      : step.type === 'if-condition'
        ? [step.on_true, step.on_false]
        : step.type === 'while-condition'
          ? [step.on_true]
          : step.type === 'switch-condition'
            ? Object.values(step.cases)
            : []
  return [on_completion, on_success, on_failure, ...own].flatMap((id) => id ?? [])
}
