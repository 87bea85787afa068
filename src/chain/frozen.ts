import { rename, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { CordonError } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import { hashSchema } from '../model/hex.ts'
import { LONGEST_LINE } from './bundle/limits.ts'
import { lineTooLong, malformedBundle, parseLine, readText } from './bundle/read.ts'
import type { RawBundle } from './rpc/fetch-bundle.ts'
import { askedSchema } from './rpc/recording.ts'

/** A frozen file begins with this; an ordinary bundle file does not. */
const FIRST_KEY = '{"frozen":'

const frozenSchema = z.object({
  version: z.literal(1),
  /** The transactions that it was made for. */
  suspects: z.array(hashSchema).max(10_000),
  /** The other requests to the node, prestate included. */
  asked: z.array(askedSchema),
})
/** The data next to the first block of a bundle file that allows an investigation to run again without a node. */
export type Frozen = z.infer<typeof frozenSchema>

/**
 * The data of a frozen bundle file in addition to its blocks; null for any other bundle file, of which only the first
 * bytes are read. Throws `chain.MalformedBundle`, `chain.LineTooLong`, `chain.UnreadableBundle`.
 */
export async function readFrozen(file: string): Promise<Frozen | null> {
  const line = await firstLine(file)
  if (line === null) return null
  try {
    return z.object({ frozen: frozenSchema }).parse(parseLine(line, { file, line: 1 })).frozen
  } catch (cause) {
    if (cause instanceof CordonError) throw cause
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 300) : 'it is not JSON'
    throw malformedBundle({ file, line: 1, reason, cause })
  }
}

async function firstLine(file: string): Promise<string | null> {
  const pieces: string[] = []
  let length = 0
  for await (const chunk of readText(file)) {
    const end = chunk.indexOf('\n')
    length += chunk.length
    if (end < 0 && length > LONGEST_LINE) throw lineTooLong(file, 1)
    pieces.push(end < 0 ? chunk : chunk.slice(0, end))
    if (pieces.length === 1 && !chunk.startsWith(FIRST_KEY)) return null
    if (end >= 0) break
  }
  return pieces.length === 0 ? null : pieces.join('')
}

/** Writes blocks with the other recorded requests; the file gets its name only when it is complete. */
export async function writeFrozen(
  file: string,
  frozen: Frozen,
  bundles: readonly RawBundle[],
): Promise<void> {
  const lines = bundles.map((raw, index) => toJson(index === 0 ? { frozen, ...raw } : raw))
  const text = `${lines.join('\n')}\n`
  await writeFile(`${file}.partial`, file.endsWith('.gz') ? gzipSync(text) : text)
  await rename(`${file}.partial`, file)
}
