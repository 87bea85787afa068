import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, resolve, sep } from 'node:path'
import { z } from 'zod'
import { sha256 } from '../../kit/json.ts'
import type { Evidence } from '../../model/evidence.ts'
import type { ManifestFile, MissingFile } from '../manifest.ts'
import { fileName } from '../tar.ts'

/** A file that a body in the ledger names: reports, frozen bundles, any file that a step wrote. */
const namedSchema = z.object({ file: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })
const bodySchema = z.union([
  namedSchema.transform((one) => [one]),
  z.object({ files: z.array(namedSchema) }).transform(({ files }) => files),
])

const MOST_BYTES = 64 * 1024 * 1024

/**
 * The files that the ledger names, as they were when it named them. Only files of the data folder are read; files that
 * are gone, changed or elsewhere are reported as missing.
 */
export async function filesOnRecord(
  dataDir: string,
  links: readonly Evidence[],
): Promise<{ files: ManifestFile[]; missing: MissingFile[] }> {
  const files: ManifestFile[] = []
  const missing: MissingFile[] = []
  for (const { sequence, body } of links)
    for (const [index, named] of (bodySchema.safeParse(body).data ?? []).entries()) {
      const name = fileName(basename(named.file))
      const read = await readOwn(dataDir, named)
      const number = `${String(sequence).padStart(4, '0')}${index === 0 ? '' : `-${index + 1}`}`
      if (typeof read === 'string') missing.push({ name, sha256: named.sha256, sequence, why: read })
      else files.push({ path: `files/${number}-${name}`, bytes: read, sequence })
    }
  return { files, missing }
}

/** Its bytes, or the reason why there are none. */
async function readOwn(
  dataDir: string,
  { file, sha256: known }: z.infer<typeof namedSchema>,
): Promise<Uint8Array | string> {
  try {
    const path = await realpath(resolve(file))
    if (!path.startsWith((await realpath(resolve(dataDir))) + sep)) return 'not in the data folder'
    const about = await stat(path)
    if (!about.isFile()) return 'not a file'
    if (about.size > MOST_BYTES) return `longer than ${MOST_BYTES} bytes`
    const bytes = await readFile(path)
    return sha256(bytes) === known ? bytes : 'written over since'
  } catch {
    return 'not there'
  }
}
