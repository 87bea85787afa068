import { stringify } from 'yaml'
import type { z } from 'zod'
import { CordonError, messageOf } from '../../kit/error.ts'
import { printable } from '../../kit/text.ts'
import { type Cacao, type CacaoStep, cacaoSchema, EXTENSION, problemsOf, STEP_TYPES } from './schema.ts'

type Draft = Record<string, unknown>
type Reading = { playbook: Cacao; above: readonly string[]; ids: Set<string> }

const MOST_STEPS = 500

/**
 * A CACAO 2.0 playbook as the YAML of one of ours, to be read with `parsePlaybook`. Manual commands become tasks; what has
 * no equal here is refused by name, nothing is left out in silence. Throws `playbooks.CacaoRefused`.
 */
export function importCacao(text: string): string {
  const playbook = readCacao(text)
  const [problem] = problemsOf(playbook)
  if (problem !== undefined) throw refused(problem)
  const own = extensionOf(playbook['playbook_extensions'])
  const start = playbook.workflow[playbook.workflow_start]
  const steps = listFrom({ playbook, above: [], ids: new Set() }, start?.on_completion ?? start?.on_success)
  return stringify(
    {
      id: own['id'] ?? slug(playbook.name),
      title: playbook.name,
      owner: own['owner'] ?? 'incident-leader',
      level: own['level'] ?? 'experimental',
      description: playbook.description ?? playbook.name,
      references: (playbook.external_references ?? []).map(({ name }) => name),
      when: own['when'] ?? { severity: 'high', manual: true },
      steps,
    },
    { lineWidth: 110, aliasDuplicateObjects: false },
  )
}

function readCacao(text: string): Cacao {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (thrown) {
    throw refused(`the file is not JSON: ${messageOf(thrown)}`)
  }
  const parsed = cacaoSchema.safeParse(content)
  if (parsed.success) return parsed.data
  throw refused(said(parsed.error.issues[0]))
}

function said(issue: z.core.$ZodIssue | undefined): string {
  const path = issue?.path.map(String).join('.') ?? ''
  const hint = issue?.path.at(-1) === 'type' ? ` (known: ${STEP_TYPES.join(', ')})` : ''
  return `${path || 'the file'}: ${issue?.message ?? 'unreadable'}${hint}`
}

/** The steps from one on, up to an end or to `until`. */
function listFrom(reading: Reading, first: string | undefined, until?: string): Draft[] {
  const steps: Draft[] = []
  const seen = new Set<string>(reading.above)
  for (let id = first; id !== undefined && id !== until; ) {
    const step = reading.playbook.workflow[id]
    if (step === undefined || step.type === 'end') break
    if (seen.has(id)) throw refused(`${id} is come to twice: loops between steps have no equal`)
    if (steps.length > MOST_STEPS) throw refused(`more than ${MOST_STEPS} steps`)
    seen.add(id)
    const next = step.on_completion ?? step.on_success
    steps.push(stepFrom({ ...reading, above: [...seen] }, { id, step, next }))
    id = next
  }
  return steps
}

type At = { id: string; step: CacaoStep; next: string | undefined }

function stepFrom(reading: Reading, { id, step, next }: At): Draft {
  const own = extensionOf(step.step_extensions)
  const { id: name, onFailure, on_timeout, compensate, evm: _, ...block } = own
  const draft: Draft = { id: unique(reading, typeof name === 'string' ? name : slug(step.name ?? step.type)) }
  if (step.name !== undefined && step.name !== name) draft['title'] = step.name.slice(0, 200)
  Object.assign(
    draft,
    Object.keys(block).length > 0 && step.type === 'action' ? block : blockFrom(reading, { id, step, own }),
  )
  const failing = step.on_failure
  if (failing !== undefined && failing !== next) {
    const recover = listFrom(reading, failing, next)
    if (recover.length > 0) draft['recover'] = recover
    if (!comesTo(reading.playbook, failing, next)) draft['onFailure'] = 'stop'
  }
  if (onFailure === 'stop') draft['onFailure'] = 'stop'
  if (typeof on_timeout === 'string') draft['onTimeout'] = listFrom(reading, on_timeout)
  if (typeof compensate === 'string') draft['compensate'] = listFrom(reading, compensate)
  return draft
}

function blockFrom(reading: Reading, { id, step, own }: { id: string; step: CacaoStep; own: Draft }): Draft {
  switch (step.type) {
    case 'action':
      return taskFrom(id, step)
    case 'parallel':
      return { parallel: step.next_steps.map((next) => listFrom(reading, next)) }
    case 'if-condition': {
      const no = step.on_false === undefined ? {} : { else: listFrom(reading, step.on_false) }
      return Object.fromEntries([
        ['if', step.condition],
        ['then', listFrom(reading, step.on_true)],
        ...Object.entries(no),
      ])
    }
    case 'playbook-action':
      if (typeof own['playbook'] === 'string') return { playbook: own['playbook'] }
      throw refused(
        `${id}: a playbook-action needs the Cordon extension, which says the playbook's name here`,
      )
    case 'while-condition':
      if (typeof own['forEach'] === 'string')
        return { forEach: own['forEach'], steps: listFrom(reading, step.on_true) }
      throw refused(`${id}: while-condition has no equal (forEach goes over a list)`)
    case 'switch-condition':
    case 'start':
    case 'end':
      throw refused(`${id}: ${step.type} has no equal`)
  }
}

/** A task for people, where every command is one for people. */
function taskFrom(id: string, step: Extract<CacaoStep, { type: 'action' }>): Draft {
  const foreign = step.commands.find(({ type }) => type !== 'manual')
  if (foreign)
    throw refused(`${id}: commands of type ${printable(foreign.type, 40)} are not carried out here`)
  const instructions =
    step.commands.map(({ command }) => command ?? '').join('\n') || (step.description ?? 'See the title.')
  const title = (step.name ?? 'Task').slice(0, 200)
  const timeout = step.timeout === undefined ? '1d' : `${Math.min(Math.max(step.timeout, 1), 999_999_000)}ms`
  return {
    task: {
      title,
      instructions: instructions.slice(0, 4_000),
      roles: ['operations'],
      timeout: shorter(timeout),
    },
  }
}

/** `ms` has six digits at most here. */
function shorter(text: string): string {
  const ms = Number.parseInt(text, 10)
  return text.endsWith('ms') && ms > 999_999 ? `${Math.ceil(ms / 1_000)}s` : text
}

function comesTo(playbook: Cacao, from: string, target: string | undefined): boolean {
  let id: string | undefined = from
  for (let taken = 0; id !== undefined && taken <= MOST_STEPS; taken++) {
    if (id === target) return true
    const step: CacaoStep | undefined = playbook.workflow[id]
    id = step?.on_completion ?? step?.on_success
  }
  return false
}

function extensionOf(extensions: unknown): Draft {
  const own = (extensions as Record<string, unknown> | undefined)?.[EXTENSION]
  return typeof own === 'object' && own !== null ? (own as Draft) : {}
}

function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 60)
  return plain === '' ? 'step' : plain
}

function unique({ ids }: Reading, wish: string): string {
  let id = wish
  for (let n = 2; ids.has(id); n++) id = `${wish}-${n}`
  ids.add(id)
  return id
}

function refused(problem: string): CordonError {
  return new CordonError({
    code: 'playbooks.CacaoRefused',
    message: `This CACAO playbook cannot be taken over: ${printable(problem, 300)}.`,
    fix: 'Change that step in the tool that wrote the file, or write the playbook here: docs/guides/playbooks.md.',
  })
}
