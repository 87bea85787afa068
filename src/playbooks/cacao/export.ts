import { durationMs } from '../../kit/duration.ts'
import { sha256 } from '../../kit/json.ts'
import type { PinnedPlaybook, Step } from '../../model/playbook.ts'
import { roleIds } from '../../model/role.ts'
import { type Cacao, type CacaoStep, EXTENSION } from './schema.ts'

/** A UUID that is always the same for the same name (the layout of version 5, with SHA-256). */
export function uuidOf(name: string): string {
  const hex = sha256(`cordon\n${name}`)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

type Writing = { workflow: Record<string, CacaoStep>; playbookId: string }

/**
 * A playbook as CACAO 2.0. Conditions are CEL. Concepts that CACAO does not have (roles, quorum, time-out branches,
 * compensation) are in the extension of each step, from which `importCacao` reads them back. `at`: milliseconds, for
 * created and modified.
 */
export function exportCacao({ playbook }: PinnedPlaybook, at: number): Cacao {
  const writing: Writing = { workflow: {}, playbookId: playbook.id }
  const end = endStep(writing, 'end')
  const first = chain(writing, playbook.steps, end)
  const start = `start--${uuidOf(`${playbook.id} start`)}`
  writing.workflow[start] = { type: 'start', on_completion: first }
  const time = new Date(at).toISOString()
  const { id, title, owner, level, when, notContained, description, references } = playbook
  return {
    type: 'playbook',
    spec_version: 'cacao-2.0',
    id: `playbook--${uuidOf(id)}`,
    name: title,
    description: description.trim(),
    created_by: `identity--${uuidOf(owner)}`,
    created: time,
    modified: time,
    labels: when.categories,
    external_references: references.map((url) => ({ name: url, url })),
    workflow_start: start,
    workflow: writing.workflow,
    agent_definitions: agents(),
    extension_definitions: {
      [EXTENSION]: {
        type: 'extension-definition',
        name: 'Cordon',
        description: 'The step as Cordon has it',
        created_by: `identity--${uuidOf('cordon')}`,
        schema: 'docs/schemas/playbook.schema.json',
        version: '1',
      },
    },
    playbook_extensions: { [EXTENSION]: { id, owner, level, when, notContained } },
  }
}

const CORDON_AGENT = `http-api--${uuidOf('cordon agent')}`
const agentOf = (role: string): string => `group--${uuidOf(`role ${role}`)}`

function agents(): NonNullable<Cacao['agent_definitions']> {
  const cordon = { type: 'http-api', name: 'Cordon', address: { url: ['http://127.0.0.1:4480'] } }
  return {
    [CORDON_AGENT]: cordon,
    ...Object.fromEntries(roleIds.map((role) => [agentOf(role), { type: 'group', name: role }])),
  }
}

function endStep({ workflow, playbookId }: Writing, name: string): string {
  const id = `end--${uuidOf(`${playbookId} ${name}`)}`
  workflow[id] = { type: 'end' }
  return id
}

/** Writes a list so that it continues at `next`; returns its first step. */
function chain(writing: Writing, steps: readonly Step[], next: string): string {
  return steps.reduceRight((following, step) => write(writing, step, following), next)
}

/** A list that stands alone: it has an end. */
function list(writing: Writing, steps: readonly Step[], name: string): string {
  return chain(writing, steps, endStep(writing, name))
}

function write(writing: Writing, step: Step, next: string): string {
  const { type, fields, own } = bodyOf(writing, step)
  const id = `${type}--${uuidOf(`${writing.playbookId} step ${step.id}`)}`
  const after = step.onFailure === 'stop' ? endStep(writing, `${step.id} stopped`) : next
  const failing = step.recover ? chain(writing, step.recover, after) : after
  const ways = failing === next ? { on_completion: next } : { on_success: next, on_failure: failing }
  const extension: Record<string, unknown> = { id: step.id, onFailure: step.onFailure, ...own }
  if ('onTimeout' in step && step.onTimeout)
    extension['on_timeout'] = list(writing, step.onTimeout, `${step.id} onTimeout`)
  if (step.compensate) extension['compensate'] = list(writing, step.compensate, `${step.id} compensate`)
  const common = { name: step.title ?? step.id, ...ways, step_extensions: { [EXTENSION]: extension } }
  writing.workflow[id] = { type, ...common, ...fields } as CacaoStep
  return id
}

type Body = { type: CacaoStep['type']; fields: Record<string, unknown>; own: Record<string, unknown> }

function bodyOf(writing: Writing, step: Step): Body {
  if ('action' in step) return actionBody(step)
  if ('parallel' in step) {
    const next_steps = step.parallel.map((branch, index) => list(writing, branch, `${step.id} ${index}`))
    return { type: 'parallel', fields: { next_steps }, own: {} }
  }
  if ('if' in step) {
    const on_true = list(writing, step.then, `${step.id} then`)
    const no = step.else ? { on_false: list(writing, step.else, `${step.id} else`) } : {}
    return { type: 'if-condition', fields: { condition: step.if, on_true, ...no }, own: {} }
  }
  if ('forEach' in step) {
    const on_true = list(writing, step.steps, `${step.id} steps`)
    return {
      type: 'while-condition',
      fields: { condition: step.forEach, on_true },
      own: { forEach: step.forEach },
    }
  }
  if ('playbook' in step) {
    const { playbook } = step
    return {
      type: 'playbook-action',
      fields: { playbook_id: `playbook--${uuidOf(playbook)}` },
      own: { playbook },
    }
  }
  if ('task' in step) return askBody(step.task, step.task.timeout, { task: step.task })
  if ('approval' in step) return askBody(step.approval, step.approval.ttl, { approval: step.approval })
  const { wait } = step
  const text = 'for' in wait ? `Wait ${wait.for}.` : `Wait for ${wait.signal}.`
  return manual(text, { own: { wait }, timeout: 'for' in wait ? wait.for : wait.timeout })
}

type Asked = { title: string; instructions: string; roles: readonly string[] }

function askBody({ title, instructions, roles }: Asked, timeout: string, own: Body['own']): Body {
  const body = manual(`${title}\n${instructions}`, { own, timeout })
  return { ...body, fields: { ...body.fields, ...forRoles(roles) } }
}

function forRoles([first, ...others]: readonly string[]): Record<string, unknown> {
  if (first === undefined) return {}
  return { agent: agentOf(first), ...(others.length > 0 ? { targets: others.map(agentOf) } : {}) }
}

function manual(command: string, { own, timeout }: { own: Body['own']; timeout?: string }): Body {
  const limit = timeout === undefined ? {} : { timeout: durationMs(timeout) ?? 0 }
  return { type: 'action', fields: { commands: [{ type: 'manual', command }], ...limit }, own }
}

/**
 * Cordon carries out each action; the exact call is known only at run time, so the command names the conditions that it
 * must meet.
 */
function actionBody(step: Extract<Step, { action: string }>): Body {
  const { action, args, retry } = step
  const own = { action, args, ...(retry ? { retry } : {}) }
  const commands = [
    { type: 'http-api', command: `POST /actions/${action} HTTP/1.1`, content: JSON.stringify(args) },
  ]
  const evm = { simulate: true, signerRole: 'guardian', value: '0' }
  const onChain = action === 'contain' ? { evm } : {}
  return { type: 'action', fields: { commands, agent: CORDON_AGENT }, own: { ...own, ...onChain } }
}
