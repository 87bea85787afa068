import { createReadStream, type ReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { BlockBundle } from '../../model/block.ts'
import { DEEPEST } from '../trace/frame-type.ts'
import { isCrowded, LONGEST_LINE, MOST_PER_ITEM } from './limits.ts'
import { parseBundle } from './parse.ts'

/**
 * Streams a bundle file (`.ndjson`, or `.ndjson.gz`), one BlockBundle per line, in bounded memory. Throws
 * `chain.UnreadableBundle` (missing file, truncated gzip), `chain.LineTooLong` and `chain.MalformedBundle` (a line that
 * is not JSON or not a block), each with file and line; the blocks before it have been yielded. `onRead` receives,
 * before each block, the number of bytes of the file that have been read (compressed bytes for a gzip file).
 */
export async function* readBundles(
  file: string,
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<BlockBundle> {
  let line = 0
  let previous: number | undefined
  const bytes = createReadStream(file)
  for await (const text of readLines(file, bytes)) {
    line++
    onRead(bytes.bytesRead)
    if (text.trim() === '') continue
    const bundle = bundleOf(text, { file, line, previous })
    if (!bundle.pending) previous = bundle.number
    yield bundle
  }
}

type Place = { file: string; line: number; previous: number | undefined }

function bundleOf(text: string, { file, line, previous }: Place): BlockBundle {
  const raw = parseLine(text, { file, line })
  try {
    return parseBundle(raw, previous)
  } catch (cause) {
    if (cause instanceof CordonError)
      throw malformedBundle({ file, line, reason: cause.summary, cause, facts: cause.facts })
    throw cause instanceof RangeError ? tooDeep({ file, line }, cause) : cause
  }
}

/** One line as JSON. Throws `chain.MalformedBundle`, also for JSON that would take many times its length in memory. */
export function parseLine(text: string, { file, line }: { file: string; line: number }): unknown {
  if (isCrowded(text)) {
    const reason = `it has more than one object or list for every ${MOST_PER_ITEM} characters`
    throw malformedBundle({ file, line, reason, cause: undefined })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep({ file, line }, cause)
    throw malformedBundle({ file, line, reason: messageOf(cause), cause })
  }
}

function tooDeep(at: { file: string; line: number }, cause: unknown): CordonError {
  return malformedBundle({ ...at, reason: `it is nested far deeper than ${DEEPEST} calls`, cause })
}

export function malformedBundle(at: {
  file: string
  line: number
  reason: string
  cause: unknown
  facts?: Record<string, unknown>
}): CordonError {
  return new CordonError({
    code: 'chain.MalformedBundle',
    message: `Line ${at.line} of ${at.file} is not a block bundle: ${at.reason}`,
    facts: { file: at.file, line: at.line, ...at.facts },
    fix: 'Each line must be one JSON object as in docs/guides/bundles.md. Record it again with `cordon record`.',
    cause: at.cause,
  })
}

async function* readLines(file: string, bytes: ReadStream): AsyncGenerator<string> {
  // Pieces of an unfinished line are joined once: repeated concatenation is quadratic on lines of megabytes.
  let pieces: string[] = []
  let length = 0
  let number = 1
  for await (const chunk of readText(file, bytes)) {
    const lines = chunk.split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) {
      pieces.push(line)
      yield pieces.join('')
      pieces = []
      length = 0
      number++
    }
    pieces.push(last)
    length += last.length
    if (length > LONGEST_LINE) throw lineTooLong(file, number)
  }
  const rest = pieces.join('')
  if (rest !== '') yield rest
}

/** The text of a file, unpacked, in pieces. Throws `chain.UnreadableBundle`. */
export async function* readText(file: string, bytes = createReadStream(file)): AsyncGenerator<string> {
  try {
    for await (const chunk of openText(file, bytes)) yield String(chunk)
  } catch (cause) {
    throw cause instanceof CordonError ? cause : unreadable(file, cause)
  }
}

function openText(file: string, bytes: ReadStream): Readable {
  if (!file.endsWith('.gz')) return bytes.setEncoding('utf8')
  const gunzip = createGunzip()
  bytes.on('error', (error) => gunzip.destroy(error))
  return bytes.pipe(gunzip).setEncoding('utf8')
}

export function lineTooLong(file: string, line: number): CordonError {
  const mebibytes = LONGEST_LINE / 2 ** 20
  return new CordonError({
    code: 'chain.LineTooLong',
    message: `Line ${line} of ${file} is longer than ${mebibytes} MiB, unpacked.`,
    facts: { file, line, longest: LONGEST_LINE },
    fix: 'Each block must be on its own line: record the file again with `cordon record`. A small .gz that unpacks to this much may be an attack on memory.',
  })
}

function unreadable(file: string, cause: unknown): CordonError {
  return new CordonError({
    code: 'chain.UnreadableBundle',
    message: `${file} cannot be read: ${messageOf(cause)}`,
    facts: { file, reason: messageOf(cause) },
    fix: 'Check the path; copy or record a truncated .gz again (`gzip -t FILE` checks it).',
    cause,
  })
}
