import { keccak256, stringToHex } from 'viem'
import type { Hash, Hex } from '../../model/hex.ts'
import {
  type AbiType,
  nameOrNull,
  type Parameter,
  parseSignature,
  parseType,
  type Signature,
  signatureText,
} from './abi-type.ts'

export type Entry = Signature & {
  signature: string
  /** Null if the source does not state them. */
  outputs: readonly Parameter[] | null
  /** Which inputs are topics; null if the source does not state it. */
  indexed: readonly boolean[] | null
}

type Entries = ReadonlyMap<Hex, readonly Entry[]>

/** The interface of one contract: by selector, and events by their whole topic. */
export type Abi = {
  functions: Entries
  errors: Entries
  events: ReadonlyMap<Hash, readonly Entry[]>
  /** Entries that are not functions, events or errors that Solidity could have written: left out, and counted. */
  refused: number
}

const MOST_ENTRIES = 20_000
const MOST_NESTING = 12
const MOST_COMPONENTS = 256

type Raw = { readonly [name: string]: unknown }

/** Reads a JSON ABI (an array of entries); leaves invalid entries out. Never throws. */
export function parseAbi(entries: readonly unknown[]): Abi {
  const found = { function: new Map(), error: new Map(), event: new Map() } as Record<
    'function' | 'error' | 'event',
    Map<Hex, Entry[]>
  >
  let refused = 0
  for (const item of entries.slice(0, MOST_ENTRIES)) {
    if (!isRaw(item)) {
      refused++
      continue
    }
    const kind = item['type'] ?? 'function'
    if (kind !== 'function' && kind !== 'error' && kind !== 'event') continue
    const entry = entryFrom(item)
    if (entry === undefined) {
      refused++
      continue
    }
    const hash = hashOfSignature(entry.signature)
    const key = kind === 'event' ? hash : (hash.slice(0, 10) as Hex)
    found[kind].set(key, [...(found[kind].get(key) ?? []), entry])
  }
  return { functions: found.function, errors: found.error, events: found.event, refused }
}

/** An entry from the text of a signature alone, if it is one. */
export function entryOf(text: string): Entry | undefined {
  const parsed = parseSignature(text)
  return parsed === undefined
    ? undefined
    : { ...parsed, signature: signatureText(parsed), outputs: null, indexed: null }
}

export function hashOfSignature(signature: string): Hash {
  return keccak256(stringToHex(signature))
}

function entryFrom(raw: Raw): Entry | undefined {
  const name = nameOrNull(raw['name'])
  const inputs = parametersFrom(raw['inputs'], 0)
  if (name === null || inputs === undefined) return undefined
  const outputs = raw['outputs'] === undefined ? null : (parametersFrom(raw['outputs'], 0) ?? null)
  const indexed = (raw['inputs'] as readonly Raw[]).map((input) => input['indexed'] === true)
  return { name, inputs, signature: signatureText({ name, inputs }), outputs, indexed }
}

function parametersFrom(list: unknown, nesting: number): Parameter[] | undefined {
  if (!Array.isArray(list) || list.length > MOST_COMPONENTS || nesting > MOST_NESTING) return undefined
  const parameters: Parameter[] = []
  for (const item of list as readonly unknown[]) {
    const type = isRaw(item) ? typeFrom(item, nesting) : undefined
    if (type === undefined || !isRaw(item)) return undefined
    parameters.push({ name: nameOrNull(item['name']), type })
  }
  return parameters
}

function typeFrom(raw: Raw, nesting: number): AbiType | undefined {
  const text = raw['type']
  if (typeof text !== 'string') return undefined
  if (!text.startsWith('tuple')) return parseType(text)
  const of = parametersFrom(raw['components'], nesting + 1)
  // The brackets after the word are read with a one-byte stand-in, which the tuple then replaces.
  const shape = parseType(text.replace(/^tuple/, 'bool'))
  return of === undefined || shape === undefined ? undefined : inPlaceOfLeaf(shape, { kind: 'tuple', of })
}

function inPlaceOfLeaf(shape: AbiType, leaf: AbiType): AbiType {
  return shape.kind === 'array' ? { ...shape, of: inPlaceOfLeaf(shape.of, leaf) } : leaf
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
