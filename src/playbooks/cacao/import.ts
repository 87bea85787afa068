import { stringify } from 'yaml'
import type { z } from 'zod'
import { messageOf } from '../../kit/error.ts'
import { notesOfPlaybook, notesOfStep, referenceText } from './fields.ts'
import { nextAfter } from './join.ts'
import { refused } from './refused.ts'
import { type Cacao, type CacaoStep, cacaoSchema, EXTENSION, problemsOf, STEP_TYPES } from './schema.ts'
import { durationOf, taskFrom } from './task.ts'

type Draft = Record<string, unknown>
type Reading = {
  playbook: Cacao
  above: readonly string[]
  /** The steps where the branches around this position join again: the steps from there on come after them, once. */
  joins: readonly string[]
  ids: Set<string>
  /** Steps that were reached. */
  reached: Set<string>
  /** The contents of steps that have no field here: for the description. */
  notes: string[]
}

const MOST_STEPS = 500

/**
 * A CACAO 2.0 playbook as Cordon's own YAML, to be read with `parsePlaybook`. Manual commands become tasks, delays
 * become waits; other content becomes text in instructions and description; content without an equivalent is refused by
 * name: nothing is left out silently. Throws `playbooks.CacaoRefused`.
 */
export function importCacao(text: string): string {
  try {
    return importFrom(text)
  } catch (thrown) {
    throw thrown instanceof RangeError ? refused('the file is nested too deeply') : thrown
  }
}

function importFrom(text: string): string {
  const playbook = readCacao(text)
  const [problem] = problemsOf(playbook)
  if (problem !== undefined) throw refused(problem)
  const own = extensionOf(playbook['playbook_extensions'])
  const about = notesOfPlaybook(playbook, own['id'] !== undefined)
  const reading: Reading = { playbook, above: [], joins: [], ids: new Set(), reached: new Set(), notes: [] }
  const steps = stepsOf(reading)
  const description = playbook.description ?? playbook.name
  const notes = [...about, ...reading.notes]
  return stringify(
    {
      id: own['id'] ?? slug(playbook.name),
      title: playbook.name,
      owner: own['owner'] ?? 'incident-leader',
      level: own['level'] ?? 'experimental',
      description: notes.length === 0 ? description : [description, '', ...notes].join('\n'),
      references: (playbook.external_references ?? []).map(referenceText),
      when: own['when'] ?? { severity: 'high', manual: true },
      notContained: own['notContained'],
      steps,
    },
    { lineWidth: 110, aliasDuplicateObjects: false },
  )
}

/** All steps from the start on. Throws `playbooks.CacaoRefused` if one is never reached. */
function stepsOf(reading: Reading): Draft[] {
  const { playbook, reached } = reading
  const { workflow, workflow_start: id } = playbook
  const start = workflow[id]
  if (start?.on_failure !== undefined) throw refused(`${id}: on_failure of a start has no equal`)
  const delay = start === undefined ? [] : edgeOf(reading, id, start)
  const steps = [...delay, ...listFrom(reading, start?.on_completion ?? start?.on_success)]
  const left = Object.entries(workflow).find(
    ([other, { type }]) => other !== id && type !== 'end' && !reached.has(other),
  )
  if (left !== undefined) throw refused(`${left[0]}: no step leads to it`)
  for (const [other, step] of Object.entries(workflow)) if (step.type === 'end') edgeOf(reading, other, step)
  return steps
}

/** The content of a start or an end besides its next step. */
function edgeOf(reading: Reading, id: string, step: CacaoStep): Draft[] {
  if (step.timeout !== undefined) throw refused(`${id}: timeout of a ${step.type} has no equal`)
  if (step.type === 'end' && step.delay !== undefined) throw refused(`${id}: delay of an end has no equal`)
  const notes = notesOfStep(id, step, { playbook: reading.playbook, isOwn: false })
  reading.notes.push(...(step.name === undefined ? notes : [`${step.name}`, ...notes]))
  return delayBefore(reading, id, step)
}

/** A delay is a wait before the step. */
function delayBefore(reading: Reading, id: string, { delay, name, type }: CacaoStep): Draft[] {
  if (delay === undefined || delay === 0) return []
  const wait = { for: durationOf(delay, `${id}: delay`) }
  return [{ id: unique(reading, `before-${slug(name ?? type)}`.slice(0, 60)), wait }]
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
  const ends = until === undefined ? reading.joins : [...reading.joins, until]
  for (let id = first; id !== undefined && !ends.includes(id); ) {
    const step = reading.playbook.workflow[id]
    if (step === undefined || step.type === 'end') break
    if (seen.has(id)) throw refused(`${id} is come to twice: loops between steps have no equal`)
    if (steps.length > MOST_STEPS) throw refused(`more than ${MOST_STEPS} steps`)
    seen.add(id)
    reading.reached.add(id)
    const next = nextAfter(reading.playbook, id)
    steps.push(...delayBefore(reading, id, step))
    const joins = next === undefined ? ends : [...ends, next]
    steps.push(stepFrom({ ...reading, above: [...seen], joins }, { id, step, next }))
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
  const isOwn = Object.keys(own).length > 0
  const notes = notesOfStep(id, step, { playbook: reading.playbook, isOwn })
  if (isOwn && Object.keys(block).length > 0 && step.type === 'action') {
    Object.assign(draft, block)
    reading.notes.push(...notes.map((note) => `${step.name ?? id}: ${note}`))
  } else Object.assign(draft, blockFrom(reading, { id, step, own, notes }))
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

type Foreign = { id: string; step: CacaoStep; own: Draft; notes: readonly string[] }

function blockFrom(reading: Reading, { id, step, own, notes }: Foreign): Draft {
  if (step.type === 'action') return taskFrom(id, step, notes)
  if (step.timeout !== undefined) throw refused(`${id}: timeout of a ${step.type} has no equal`)
  reading.notes.push(...notes.map((note) => `${step.name ?? id}: ${note}`))
  switch (step.type) {
    case 'parallel':
      return { parallel: step.next_steps.map((next) => listFrom(reading, next)) }
    case 'if-condition': {
      const otherwise = step.on_false === undefined ? [] : listFrom(reading, step.on_false)
      const no = otherwise.length === 0 ? {} : { else: otherwise }
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

function comesTo(playbook: Cacao, from: string, target: string | undefined): boolean {
  let id: string | undefined = from
  for (let taken = 0; id !== undefined && taken <= MOST_STEPS; taken++) {
    if (id === target) return true
    id = nextAfter(playbook, id)
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
