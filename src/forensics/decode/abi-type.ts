/** A Solidity type, as far as its encoding is concerned. */
export type AbiType =
  | { kind: 'uint' | 'int'; bits: number }
  | { kind: 'address' | 'bool' | 'bytes' | 'string' | 'function' }
  | { kind: 'fixedBytes'; size: number }
  /** `length` null if the data gives it. */
  | { kind: 'array'; of: AbiType; length: number | null }
  | { kind: 'tuple'; of: readonly Parameter[] }

export type Parameter = { name: string | null; type: AbiType }

/** A function, event or error: its name and parameters. */
export type Signature = { name: string; inputs: readonly Parameter[] }

const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/
const MOST_NAME = 120
const MOST_TEXT = 2_000
const MOST_LENGTH = 4_096
const MOST_NESTING = 12
const MOST_PARAMETERS = 256

/**
 * A name that Solidity and Vyper allow, or null: strangers write ABIs and tables, and text that cannot be a name is
 * never shown.
 */
export function nameOrNull(text: unknown): string | null {
  return typeof text === 'string' && text.length <= MOST_NAME && NAME.test(text) ? text : null
}

/** `transfer(address,uint256)`, undefined if it is not a signature. Tuples are written in brackets. */
export function parseSignature(text: string): Signature | undefined {
  if (text.length > MOST_TEXT) return undefined
  const open = text.indexOf('(')
  const name = nameOrNull(text.slice(0, Math.max(0, open)).trim())
  if (name === null || !text.endsWith(')')) return undefined
  const type = parseType(text.slice(open).replaceAll(' ', ''))
  return type?.kind === 'tuple' ? { name, inputs: type.of } : undefined
}

/** Undefined if it is not a known type. */
export function parseType(text: string, nesting = 0): AbiType | undefined {
  if (nesting > MOST_NESTING || text.length > MOST_TEXT) return undefined
  const array = /^(.+)\[(\d{0,4})\]$/.exec(text)
  if (array !== null) {
    const of = parseType(array[1] ?? '', nesting + 1)
    const length = array[2] === '' ? null : Number(array[2])
    return of === undefined || (length ?? 0) > MOST_LENGTH ? undefined : { kind: 'array', of, length }
  }
  const tuple = /^(?:tuple)?\((.*)\)$/.exec(text)
  return tuple === null ? parseWord(text) : parseTuple(tuple[1] ?? '', nesting + 1)
}

function parseTuple(inner: string, nesting: number): AbiType | undefined {
  const parts = splitAtTop(inner)
  if (parts === undefined || parts.length > MOST_PARAMETERS) return undefined
  const of: Parameter[] = []
  for (const part of parts) {
    const type = parseType(part, nesting)
    if (type === undefined) return undefined
    of.push({ name: null, type })
  }
  return { kind: 'tuple', of }
}

/** Parts between the commas outside all brackets; undefined if brackets do not close. */
function splitAtTop(text: string): string[] | undefined {
  if (text === '') return []
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')' && --depth < 0) return undefined
    if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return depth === 0 ? [...parts, text.slice(start)] : undefined
}

function parseWord(text: string): AbiType | undefined {
  if (text === 'address' || text === 'bool' || text === 'bytes' || text === 'string' || text === 'function')
    return { kind: text }
  const match = /^(uint|int|bytes)(\d{0,3})$/.exec(text)
  if (match === null) return undefined
  const size = match[2] === '' ? 256 : Number(match[2])
  if (match[1] === 'bytes') return size >= 1 && size <= 32 ? { kind: 'fixedBytes', size } : undefined
  const isWidth = size >= 8 && size <= 256 && size % 8 === 0
  return isWidth ? { kind: match[1] === 'int' ? 'int' : 'uint', bits: size } : undefined
}

/** The type as a selector's signature writes it. */
export function typeText(type: AbiType): string {
  switch (type.kind) {
    case 'uint':
    case 'int':
      return `${type.kind}${type.bits}`
    case 'fixedBytes':
      return `bytes${type.size}`
    case 'array':
      return `${typeText(type.of)}[${type.length ?? ''}]`
    case 'tuple':
      return `(${type.of.map((part) => typeText(part.type)).join(',')})`
    default:
      return type.kind
  }
}

export function signatureText({ name, inputs }: Signature): string {
  return `${name}${typeText({ kind: 'tuple', of: inputs })}`
}

/** Whether the head of an encoding has only an offset to it. */
export function isDynamic(type: AbiType): boolean {
  switch (type.kind) {
    case 'bytes':
    case 'string':
      return true
    case 'array':
      return type.length === null || isDynamic(type.of)
    case 'tuple':
      return type.of.some((part) => isDynamic(part.type))
    default:
      return false
  }
}
