import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { csvRecords } from '../kit/csv.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { packageRoot } from '../kit/package-root.ts'
import { type AddressLabel, addressLabelSchema } from '../model/address-label.ts'
import type { Address } from '../model/hex.ts'

/** The names and kinds of accounts. The first file that names an account counts. */
export type AddressLabels = readonly AddressLabel[]

/** A label file larger than this is rejected: it would not fit into memory next to the rest. */
const MOST_BYTES = 256 * 1024 * 1024

/**
 * Reads address labels: from the named files and folders (JSON, or CSV with a header line), else the shipped ones. Each
 * entry has its source; by default its file’s name. Throws `app.InvalidAddressLabels`.
 */
export async function loadAddressLabels(paths: readonly string[] | undefined): Promise<AddressLabels> {
  const named = paths ?? [join(packageRoot(), 'labels')]
  const files = (await Promise.all(named.map((path) => filesOf(resolve(path))))).flat()
  return (await Promise.all(files.map(readLabelFile))).flat()
}

/** The labels of one chain by address. */
export function labelsOn(labels: AddressLabels, chainId: number): ReadonlyMap<Address, AddressLabel> {
  const known = new Map<Address, AddressLabel>()
  for (const label of labels) {
    if (label.chainId !== null && label.chainId !== chainId) continue
    if (!known.has(label.address)) known.set(label.address, label)
  }
  return known
}

async function filesOf(path: string): Promise<string[]> {
  try {
    const found = await stat(path)
    if (!found.isDirectory()) {
      if (found.size > MOST_BYTES) throw invalid(path, `more than ${MOST_BYTES} bytes`)
      return [path]
    }
    const names = await readdir(path)
    return names
      .filter((name) => /\.(json|csv)$/.test(name))
      .sort()
      .map((name) => join(path, name))
  } catch (cause) {
    throw cause instanceof CordonError ? cause : invalid(path, messageOf(cause), cause)
  }
}

async function readLabelFile(file: string): Promise<AddressLabel[]> {
  try {
    const text = await readFile(file, 'utf8')
    const raw = file.endsWith('.csv') ? fromCsv(text) : z.array(z.unknown()).parse(JSON.parse(text))
    return raw.map((entry, i) => labelOf(entry, file, i))
  } catch (cause) {
    throw cause instanceof CordonError ? cause : invalid(file, reasonOf(cause), cause)
  }
}

function labelOf(entry: unknown, file: string, place: number): AddressLabel {
  const withSource = { source: basename(file), ...(entry as object) }
  const parsed = addressLabelSchema.safeParse(withSource)
  if (parsed.success) return parsed.data
  throw invalid(file, `entry ${place + 1}: ${reasonOf(parsed.error)}`)
}

/** One entry per line; an entry without a chain holds on every one. */
function fromCsv(text: string): Record<string, unknown>[] {
  return csvRecords(text).map(({ chainId, ...entry }) => ({
    ...entry,
    ...(chainId === undefined ? {} : { chainId: Number(chainId) }),
  }))
}

function reasonOf(cause: unknown): string {
  return cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 400) : messageOf(cause)
}

function invalid(file: string, reason: string, cause?: unknown): CordonError {
  return new CordonError({
    code: 'app.InvalidAddressLabels',
    message: `The address labels in ${file} cannot be used.`,
    facts: { file, reason },
    fix: 'Give a JSON list, or CSV with a header, of address, name, kind, source, chainId; docs/guides/fund-flow.md.',
    cause,
  })
}
