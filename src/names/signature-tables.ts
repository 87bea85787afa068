import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Frame } from '../model/block.ts'
import { type Hex, selectorOf } from '../model/hex.ts'

/** JSON is read as a whole; tables of millions of lines are text, and streamed. */
const MOST_JSON_BYTES = 256 * 2 ** 20
/** Maximum signatures that share a selector. */
const MOST_SHARING = 32
const KEY = /^(?:0x)?([0-9a-fA-F]{8}|[0-9a-fA-F]{64})$/

type Table = Map<Hex, string[]>

/** Selectors and topics that frames need names for: only these are kept of a table, whatever its size. */
export function selectorsIn(frames: Iterable<Frame>): Set<Hex> {
  const wanted = new Set<Hex>()
  for (const { input, output, error, logs } of frames) {
    for (const selector of [selectorOf(input), error === null ? undefined : selectorOf(output)])
      if (selector !== undefined) wanted.add(selector)
    for (const { topics } of logs) if (topics[0] !== undefined) wanted.add(topics[0])
  }
  return wanted
}

/**
 * Signatures by selector from 4-byte tables: `selector;signature` lines (also with a comma or a tab), or JSON as
 * openchain and 4byte give it, or an object of selectors. The signatures' claims are checked when they are used. Throws
 * `app.InvalidSignatures`.
 */
export async function readSignatureTables(
  paths: readonly string[],
  wanted: ReadonlySet<Hex>,
): Promise<ReadonlyMap<Hex, readonly string[]>> {
  const table: Table = new Map()
  for (const path of paths) {
    try {
      const seen = path.endsWith('.json')
        ? await readJsonTable(path, table, wanted)
        : await readLines(path, table, wanted)
      if (seen === 0) throw invalid(path, 'no signatures in it')
    } catch (cause) {
      throw cause instanceof CordonError ? cause : invalid(path, messageOf(cause), cause)
    }
  }
  return table
}

async function readLines(path: string, table: Table, wanted: ReadonlySet<Hex>): Promise<number> {
  let seen = 0
  const lines = createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  for await (const line of lines) {
    const match = /^\s*"?((?:0x)?[0-9a-fA-F]+)"?\s*[;,\t ]\s*"?([^"]+?)"?\s*$/.exec(line.slice(0, 4_000))
    const key = keyOf(match?.[1])
    if (key === undefined || match === null) continue
    seen++
    // A selector's signatures may be on one line.
    for (const text of (match[2] ?? '').split(';')) add(table, wanted, { key, text: text.trim() })
  }
  return seen
}

async function readJsonTable(path: string, table: Table, wanted: ReadonlySet<Hex>): Promise<number> {
  if ((await stat(path)).size > MOST_JSON_BYTES)
    throw invalid(path, `larger than ${MOST_JSON_BYTES} bytes: make it text, a line a signature`)
  let seen = 0
  for (const { key, text } of pairsIn(JSON.parse(await readFile(path, 'utf8')))) {
    seen++
    add(table, wanted, { key, text })
  }
  return seen
}

type Pair = { key: Hex; text: string }

function* pairsIn(json: unknown): Generator<Pair> {
  const results = field(json, 'results') ?? json
  if (Array.isArray(results)) {
    for (const item of results) yield* pairOf(field(item, 'hex_signature'), field(item, 'text_signature'))
    return
  }
  const result = field(json, 'result') ?? json
  for (const part of [field(result, 'function'), field(result, 'event'), result])
    if (typeof part === 'object' && part !== null)
      for (const [key, texts] of Object.entries(part)) {
        const list: unknown[] = Array.isArray(texts) ? texts : [texts]
        for (const item of list) yield* pairOf(key, field(item, 'name') ?? item)
      }
}

function* pairOf(key: unknown, text: unknown): Generator<Pair> {
  const hex = typeof key === 'string' ? keyOf(key) : undefined
  if (hex !== undefined && typeof text === 'string') yield { key: hex, text }
}

function keyOf(text: string | undefined): Hex | undefined {
  const match = KEY.exec(text ?? '')
  return match === null ? undefined : `0x${(match[1] ?? '').toLowerCase()}`
}

function add(table: Table, wanted: ReadonlySet<Hex>, { key, text }: Pair): void {
  if (!wanted.has(key)) return
  const list = table.get(key) ?? []
  if (list.length < MOST_SHARING && !list.includes(text)) table.set(key, [...list, text])
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

function invalid(path: string, reason: string, cause?: unknown): CordonError {
  return new CordonError({
    code: 'app.InvalidSignatures',
    message: 'A table of signatures could not be read.',
    facts: { path, reason },
    fix: 'Give --signatures text with a `selector;signature` on each line, or JSON as openchain or 4byte export it.',
    cause,
  })
}
