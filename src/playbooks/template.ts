import { toJson } from '../kit/json.ts'
import { printable } from '../kit/text.ts'

/** A path in braces. Nothing else may appear between `{{` and `}}`: a template looks up, it never computes. */
const PLACE = /\{\{\s*((?:incident|alert|steps|item)(?:\.[A-Za-z_][\w-]*|\[\d{1,4}\]|\.\d{1,4})*)\s*\}\}/g
const LONGEST_TEXT = 500
const LONGEST_VALUE = 4_000
const UNKNOWN = '(unknown)'

/**
 * Fills the templates in a playbook's arguments. An inserted value stays data: it is made printable, and is never read
 * as a template, a path or an expression again, because it may be the name that an attacker gave a token. A text that
 * is one template becomes the value itself; a path without a value gives null there, `(unknown)` in a text.
 */
export function fill(value: unknown, variables: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === 'string') return fillText(value, variables)
  if (Array.isArray(value)) return value.map((inner) => fill(inner, variables))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, variables)]))
}

function fillText(text: string, variables: Readonly<Record<string, unknown>>): unknown {
  const [only] = [...text.matchAll(PLACE)]
  if (only !== undefined && only[0] === text.trim()) return inert(lookUp(only[1] ?? '', variables))
  // A function: in a replacement text `$&` and the like would have a special meaning.
  return text.replace(PLACE, (_, path: string) => textOf(lookUp(path, variables)))
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return UNKNOWN
  return printable(typeof value === 'string' ? value : toJson(value), LONGEST_TEXT)
}

/** A value with every text in it harmless to print. */
function inert(value: unknown): unknown {
  if (typeof value === 'string') return printable(value, LONGEST_VALUE)
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(inert)
  if (value === null || typeof value !== 'object') return value ?? null
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), inert(inner)]))
}

function lookUp(path: string, variables: Readonly<Record<string, unknown>>): unknown {
  let value: unknown = variables
  for (const name of path.replaceAll('[', '.').replaceAll(']', '').split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return value
}

/** The paths that a text refers to, or its problem. */
export function pathsIn(text: string): { paths: string[]; problem: string | null } {
  const paths = [...text.matchAll(PLACE)].map((match) => match[1] ?? '')
  const left = text.replace(PLACE, '')
  const problem = /\{\{|\}\}/.test(left)
    ? 'between {{ and }} there must be one path that begins with incident, alert, steps or item'
    : null
  return { paths, problem }
}

/** True if the whole text is one template: its value is unknown before the run. */
export function isWhole(text: string): boolean {
  const [only] = [...text.matchAll(PLACE)]
  return only !== undefined && only[0] === text.trim()
}
