import { refused } from './refused.ts'
import { type Cacao, type CacaoStep, EXTENSION } from './schema.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * The treatment of each field of CACAO 2.0 (chapters 3, 4, 5 and 7): `read` here or in the import, `note`d in words for
 * the people who will read the playbook, or refused by name. A field in none of the lists is refused too.
 */
type Fate = 'read' | 'note'

const PLAYBOOK: Readonly<Record<string, Fate>> = {
  type: 'read',
  spec_version: 'read',
  id: 'note',
  name: 'read',
  description: 'read',
  playbook_types: 'note',
  playbook_activities: 'note',
  playbook_processing_summary: 'note',
  created_by: 'note',
  created: 'note',
  modified: 'note',
  revoked: 'read',
  valid_from: 'note',
  valid_until: 'note',
  derived_from: 'note',
  related_to: 'note',
  priority: 'note',
  severity: 'note',
  impact: 'note',
  industry_sectors: 'note',
  labels: 'note',
  external_references: 'read',
  markings: 'note',
  workflow_start: 'read',
  workflow_exception: 'read',
  workflow: 'read',
  playbook_extensions: 'read',
  agent_definitions: 'read',
  target_definitions: 'read',
  extension_definitions: 'read',
  data_marking_definitions: 'note',
  signatures: 'note',
}

const STEP: Readonly<Record<string, Fate>> = {
  type: 'read',
  name: 'read',
  description: 'note',
  external_references: 'note',
  delay: 'read',
  timeout: 'read',
  owner: 'note',
  on_completion: 'read',
  on_success: 'read',
  on_failure: 'read',
  step_extensions: 'read',
  commands: 'read',
  agent: 'note',
  targets: 'note',
  playbook_id: 'note',
  playbook_version: 'note',
  next_steps: 'read',
  condition: 'read',
  on_true: 'read',
  on_false: 'read',
  switch: 'read',
  cases: 'read',
}

/** Fields that the export writes for one of Cordon's own playbooks: the extension has their content too. */
const WRITTEN: ReadonlySet<string> = new Set(['id', 'created_by', 'created', 'modified', 'labels'])

/** The contents of a playbook that have no field here, one line each. Throws `playbooks.CacaoRefused`. */
export function notesOfPlaybook(playbook: Cacao, isOwn: boolean): string[] {
  if (playbook['revoked'] === true) throw refused('revoked: it is withdrawn by who made it')
  checkFields(playbook, PLAYBOOK, 'the playbook')
  checkExtensions(playbook['playbook_extensions'], 'playbook_extensions')
  checkExtensions(playbook['extension_definitions'], 'extension_definitions')
  const notes = fieldNotes(playbook, PLAYBOOK, isOwn ? WRITTEN : new Set())
  return [...notes, ...exceptionNote(playbook), ...unusedDefinitions(playbook, isOwn)]
}

/** The same for steps. */
const WRITTEN_IN_STEPS: ReadonlySet<string> = new Set(['agent', 'targets', 'playbook_id'])

export type StepNotesOptions = { playbook: Cacao; isOwn: boolean }

/** The contents of a step that have no field here, one line each. Throws `playbooks.CacaoRefused`. */
export function notesOfStep(id: string, step: CacaoStep, { playbook, isOwn }: StepNotesOptions): string[] {
  checkFields(step, STEP, id)
  checkExtensions(step.step_extensions, `${id}: step_extensions`)
  return fieldNotes(step, STEP, isOwn ? WRITTEN_IN_STEPS : new Set()).map((note) => withNames(note, playbook))
}

function checkFields(object: Fields, fates: Readonly<Record<string, Fate>>, place: string): void {
  for (const [name, value] of Object.entries(object))
    if (fates[name] === undefined && !isEmpty(value)) throw refused(`${place}: ${name} has no equal here`)
}

/** An extension of another product may change the meaning of a step. */
function checkExtensions(extensions: unknown, place: string): void {
  const foreign = Object.keys((extensions ?? {}) as object).find((name) => name !== EXTENSION)
  if (foreign !== undefined) throw refused(`${place}: ${foreign} is not known here`)
}

function fieldNotes(
  object: Fields,
  fates: Readonly<Record<string, Fate>>,
  left: ReadonlySet<string>,
): string[] {
  return Object.entries(object).flatMap(([name, value]) =>
    fates[name] !== 'note' || left.has(name) || isEmpty(value) ? [] : [`${wordsOf(name)}: ${textOf(value)}`],
  )
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function wordsOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ')
}

/** A value as people read it: text unchanged, references by name and address, everything else as JSON. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textOf).join('; ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, inner]) => `${name} ${typeof inner === 'object' ? JSON.stringify(inner) : String(inner)}`)
    .join(', ')
}

/** An external reference as one line: its address alone if its name is the same. */
export function referenceText(reference: Fields): string {
  const { name, url, ...rest } = reference
  const place = url === undefined || url === name ? String(name) : `${String(name)}: ${textOf(url)}`
  return isEmpty(rest) ? place : `${place} (${textOf(rest)})`
}

function exceptionNote({ workflow_exception: id, workflow }: Cacao): string[] {
  if (id === undefined) return []
  if (typeof id === 'string' && workflow[id]?.type === 'end') return ['On an exception it ends.']
  throw refused(`workflow_exception: ${String(id)} has no equal (each step says what recovers it)`)
}

type Definitions = Readonly<Record<string, unknown>>

function definitionsOf(playbook: Cacao): Definitions {
  return { ...playbook.agent_definitions, ...(playbook['target_definitions'] as Definitions | undefined) }
}

/** Ids of agents and targets, followed by their names. */
function withNames(note: string, playbook: Cacao): string {
  return Object.entries(definitionsOf(playbook)).reduce(
    (text, [id, definition]) => text.replaceAll(id, textOf(definition)),
    note,
  )
}

/** Agents and targets that no step names; one of Cordon's own playbooks defines a group for every role. */
function unusedDefinitions(playbook: Cacao, isOwn: boolean): string[] {
  if (isOwn) return []
  const steps = JSON.stringify(playbook.workflow)
  return Object.entries(definitionsOf(playbook)).flatMap(([id, definition]) =>
    steps.includes(`"${id}"`) ? [] : [`Defined and not used: ${textOf(definition)}`],
  )
}
