import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readModelFile } from '../../files/detector-options.ts'
import type { KnownCode } from '../../forensics/actors/known.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { hexSchema } from '../../model/hex.ts'
import { minHash } from '../../model/minhash.ts'

/** The form of option `attackers` of detector `preparation`. */
const listSchema = z.array(z.strictObject({ name: z.string().min(1).max(100), code: hexSchema })).max(10_000)

/**
 * Known attackers’ code: from files and folders of JSON lists, each entry with `name` and `code`. Code that is too
 * short to compare is left out. Throws `app.InvalidKnownCode`.
 */
export async function readKnownCode(paths: readonly string[]): Promise<KnownCode[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat()
  const lists = await Promise.all(
    files.map(async (file) => ({ file, list: await readModelFile(file).catch(failed(file)) })),
  )
  return lists.flatMap(({ file, list }) => knownCodeIn(list, file))
}

/**
 * Known attackers’ code in the form of detector `preparation`'s option: a list, or a path. Throws
 * `app.InvalidKnownCode`.
 */
export async function knownCodeOf(given: unknown): Promise<KnownCode[]> {
  const options = z.object({ attackers: z.unknown() }).safeParse(given)
  const attackers = options.data?.attackers
  if (attackers === undefined) return []
  return typeof attackers === 'string'
    ? readKnownCode([attackers])
    : knownCodeIn(attackers, 'detectors.preparation.attackers')
}

function knownCodeIn(list: unknown, where: string): KnownCode[] {
  const parsed = listSchema.safeParse(list)
  if (!parsed.success) throw invalid(where, z.prettifyError(parsed.error).slice(0, 400))
  return parsed.data.flatMap(({ name, code }) => {
    const hash = minHash(code)
    return hash === null ? [] : [{ name, minHash: hash }]
  })
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const names = await readdir(path)
    return names
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(path, name))
  } catch (cause) {
    throw invalid(path, messageOf(cause), cause)
  }
}

function failed(file: string): (cause: unknown) => never {
  return (cause) => {
    throw invalid(file, messageOf(cause), cause)
  }
}

function invalid(where: string, reason: string, cause?: unknown): CordonError {
  return new CordonError({
    code: 'app.InvalidKnownCode',
    message: `The known attackers’ code in ${where} cannot be used.`,
    facts: { where, reason },
    fix: 'Give a JSON list of {"name", "code"} with runtime code as hex; docs/guides/actors.md.',
    cause,
  })
}
