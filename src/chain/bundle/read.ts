import { createReadStream, type ReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { BlockBundle } from '../../model/block.ts'
import { parseBundle } from './parse.ts'

/**
 * Streams a bundle file (`.ndjson`, or `.ndjson.gz`), a BlockBundle a line, in bounded memory.
 * Throws `chain.UnreadableBundle` (missing file, truncated gzip) and `chain.MalformedBundle` (a line that is
 * not JSON or not a block), each with file and line; the blocks before it have been yielded. `onRead` is told, before
 * each block, how many bytes of the file (compressed, where it is) have been read.
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
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (cause) {
    throw malformedBundle({ file, line, reason: messageOf(cause), cause })
  }
  try {
    return parseBundle(raw, previous)
  } catch (cause) {
    if (!(cause instanceof CordonError)) throw cause
    throw malformedBundle({ file, line, reason: cause.summary, cause, facts: cause.facts })
  }
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
    fix: 'Each line must be one JSON object as docs/guides/bundles.md has it. Record it again with `cordon record`.',
    cause: at.cause,
  })
}

async function* readLines(file: string, bytes: ReadStream): AsyncGenerator<string> {
  // Pieces of an unfinished line are joined once: adding chunk to chunk is quadratic on lines of megabytes.
  let pieces: string[] = []
  for await (const chunk of readText(file, bytes)) {
    const lines = chunk.split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) {
      pieces.push(line)
      yield pieces.join('')
      pieces = []
    }
    pieces.push(last)
  }
  const rest = pieces.join('')
  if (rest !== '') yield rest
}

/** The text of a file, unpacked, piece by piece. Throws `chain.UnreadableBundle`. */
export async function* readText(file: string, bytes = createReadStream(file)): AsyncGenerator<string> {
  try {
    for await (const chunk of openText(file, bytes)) yield String(chunk)
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function openText(file: string, bytes: ReadStream): Readable {
  if (!file.endsWith('.gz')) return bytes.setEncoding('utf8')
  const gunzip = createGunzip()
  bytes.on('error', (error) => gunzip.destroy(error))
  return bytes.pipe(gunzip).setEncoding('utf8')
}

function unreadable(file: string, cause: unknown): CordonError {
  return new CordonError({
    code: 'chain.UnreadableBundle',
    message: `${file} cannot be read: ${messageOf(cause)}`,
    facts: { file, reason: messageOf(cause) },
    fix: 'Check the path; a truncated .gz must be copied or recorded again (`gzip -t FILE` tells).',
    cause,
  })
}
