import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { detectors } from '../detect/registry.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { packageRoot } from '../kit/package-root.ts'
import type { OptionFile } from '../model/detector.ts'
import { addressOf } from '../model/given-address.ts'
import type { Address } from '../model/hex.ts'

/**
 * Options of detectors with every path replaced by the content of that file, and with the shipped lists where none is
 * named: detectors declare which of their options may be files. Throws `app.InvalidModel`, `app.InvalidList`.
 */
export async function withFiles(given: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const read = await Promise.all(
    detectors.map(async ({ id, files = {} }): Promise<[string, unknown]> => {
      const options = given[id]
      if (options !== undefined && (typeof options !== 'object' || options === null)) return [id, options]
      const found = await Promise.all(
        Object.entries(files).map(([name, file]) => fromFile(name, file, { ...options })),
      )
      const replaced = Object.fromEntries(found.flat())
      return [id, Object.keys(replaced).length === 0 ? options : { ...options, ...replaced }]
    }),
  )
  return { ...given, ...Object.fromEntries(read.filter(([, options]) => options !== undefined)) }
}

async function fromFile(
  name: string,
  { format, shipped }: OptionFile,
  options: Readonly<Record<string, unknown>>,
): Promise<[string, unknown][]> {
  const named = options[name]
  if (named !== undefined && typeof named !== 'string') return []
  const path = named ?? (shipped === undefined ? undefined : join(packageRoot(), shipped))
  if (path === undefined) return []
  return [[name, format === 'json' ? await readModelFile(path) : await readAddresses(path)]]
}

/** The JSON of a file; the detector's options validate its content. Throws `app.InvalidModel`. */
export async function readModelFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw invalidModel(path, cause)
  }
}

/** One address per line; empty lines and text after `#` are left out. Throws `app.InvalidList`. */
async function readAddresses(path: string): Promise<Address[]> {
  let line = 0
  try {
    const found: Address[] = []
    for (const text of (await readFile(path, 'utf8')).split('\n')) {
      line++
      const [address = ''] = text.split('#')
      if (address.trim() !== '') found.push(addressOf(address))
    }
    return found
  } catch (cause) {
    const reason = cause instanceof CordonError ? cause.summary : messageOf(cause)
    throw new CordonError({
      code: 'app.InvalidList',
      message: `The list ${path} cannot be used: ${line === 0 ? '' : `line ${line}: `}${reason}`,
      facts: { path, line, reason },
      fix: 'Check the path (relative to the working directory); write one address in each line, and comments after #.',
      cause,
    })
  }
}

export function invalidModel(path: string, cause: unknown): CordonError {
  return new CordonError({
    code: 'app.InvalidModel',
    message: `The model ${path} cannot be read: ${messageOf(cause)}`,
    facts: { path, reason: messageOf(cause) },
    fix: 'Check the path (relative to the working directory), or write the model again with `cordon learn`.',
    cause,
  })
}
